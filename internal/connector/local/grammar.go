package local

import (
	"iter"
	"strings"
	"unicode"
)

// This file knows the grammar of sudoers as far as it decides who may run what: lists of users, hosts and commands,
// negation, runas lists, tags, options, digests, quotes and backslashes.

// bare yields the places of the bytes that stand outside quotes and parentheses and not behind a backslash.
func bare(text string) iter.Seq2[int, byte] {
	return func(yield func(int, byte) bool) {
		depth, quoted := 0, false
		for at := 0; at < len(text); at++ {
			switch char := text[at]; {
			case char == '\\':
				at++
			case char == '"':
				quoted = !quoted
			case quoted:
			case char == '(':
				depth++
			case char == ')':
				depth--
			case depth == 0 && !yield(at, char):
				return
			}
		}
	}
}

// cut splits at the first bare separator.
func cut(text string, separator byte) (before, after string, found bool) {
	for at, char := range bare(text) {
		if char == separator {
			return text[:at], text[at+1:], true
		}
	}
	return text, "", false
}

// split splits at every bare separator for which divides, given what stands in front since the last one, says so.
func split(text string, separator byte, divides func(before string) bool) []string {
	var parts []string
	start := 0
	for at, char := range bare(text) {
		if char == separator && divides(text[start:at]) {
			parts = append(parts, text[start:at])
			start = at + 1
		}
	}
	return append(parts, text[start:])
}

func always(string) bool { return true }

// splitRules splits at the colons that separate definitions, not at those that end a tag or a digest's name.
func splitRules(text string) []string {
	return split(text, ':', func(before string) bool {
		before = strings.TrimSpace(before)
		word := before[strings.LastIndexFunc(before, func(r rune) bool { return strings.ContainsRune(" \t,=:()!", r) })+1:]
		return !tags[word] && !digests[word]
	})
}

var tags = words("EXEC", "NOEXEC", "FOLLOW", "NOFOLLOW", "LOG_INPUT", "NOLOG_INPUT", "LOG_OUTPUT", "NOLOG_OUTPUT",
	"MAIL", "NOMAIL", "INTERCEPT", "NOINTERCEPT", "PASSWD", "NOPASSWD", "SETENV", "NOSETENV")

var digests = words("sha224", "sha256", "sha384", "sha512")

var options = words("ROLE", "TYPE", "PRIVS", "LIMITPRIVS", "NOTBEFORE", "NOTAFTER", "TIMEOUT", "CWD", "CHROOT", "APPARMOR_PROFILE")

// parseRule reads "users hosts = commands : hosts = commands".
func parseRule(line string) (rule, error) {
	head, rest, ok := cut(line, '=')
	users, hosts, both := splitHead(strings.TrimSpace(head))
	if !ok || !both {
		return rule{}, errNotUnderstood
	}
	r := rule{users: splitNames(users)}
	for i, part := range splitRules(rest) {
		if i > 0 {
			if hosts, part, ok = cut(part, '='); !ok {
				return rule{}, errNotUnderstood
			}
		}
		if _, _, more := splitHead(strings.TrimSpace(hosts)); more {
			return rule{}, errNotUnderstood
		}
		g := grant{hosts: splitNames(hosts), commands: parseCommands(part)}
		if len(g.hosts) == 0 || len(g.commands) == 0 {
			return rule{}, errNotUnderstood
		}
		r.grants = append(r.grants, g)
	}
	return r, nil
}

// splitHead splits at the white space between two lists, which is not the white space within one.
func splitHead(head string) (users, hosts string, ok bool) {
	for at, char := range bare(head) {
		if char != ' ' && char != '\t' {
			continue
		}
		before, after := strings.TrimSpace(head[:at]), strings.TrimSpace(head[at:])
		if !strings.HasSuffix(before, ",") && !strings.HasSuffix(before, "!") && !strings.HasPrefix(after, ",") {
			return before, after, true
		}
	}
	return head, "", false
}

// splitNames splits a list of users, groups or hosts.
func splitNames(text string) []string {
	var list []string
	for _, part := range split(text, ',', always) {
		if name := unescape(strings.ReplaceAll(strings.TrimSpace(part), `"`, "")); name != "" {
			list = append(list, name)
		}
	}
	return list
}

// parseCommands reads a list of commands. What is written in front of one holds for those behind it as well.
func parseCommands(text string) []command {
	var list []command
	var c command
	for _, part := range split(text, ',', always) {
		if c.text = c.prefixes(strings.TrimSpace(part)); c.text != "" {
			list = append(list, c)
		}
	}
	return list
}

// prefixes takes the runas list, options, tags and digests and returns the command behind them.
func (c *command) prefixes(text string) string {
	if strings.HasPrefix(text, "(") {
		inside, rest, _ := strings.Cut(text[1:], ")")
		users, groups, _ := strings.Cut(inside, ":")
		c.asUsers, c.asGroups = append([]string{}, splitNames(users)...), splitNames(groups)
		text = strings.TrimSpace(rest)
	}
	for {
		end := strings.IndexFunc(text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if end < 0 {
			return commandText(text)
		}
		word, rest := text[:end], strings.TrimSpace(text[end:])
		switch {
		case tags[word] && strings.HasPrefix(rest, ":"):
			c.tag(word)
			text = strings.TrimSpace(rest[1:])
		case options[word] && strings.HasPrefix(rest, "="), digests[word] && strings.HasPrefix(rest, ":"):
			text = behindWord(rest)
		default:
			return commandText(text)
		}
	}
}

func (c *command) tag(word string) {
	switch word {
	case "NOPASSWD":
		c.noPassword = true
	case "PASSWD":
		c.noPassword = false
	}
}

// behindWord drops everything up to the next white space.
func behindWord(text string) string {
	at := strings.IndexAny(text, " \t")
	if at < 0 {
		return ""
	}
	return strings.TrimSpace(text[at:])
}

// commandText normalises white space and drops the backslashes that only the grammar needs.
func commandText(text string) string { return clean(unescape(strings.Join(strings.Fields(text), " "))) }

func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var out strings.Builder
	for at := 0; at < len(text); at++ {
		if text[at] == '\\' && at+1 < len(text) && strings.IndexByte(`,:=\ "#`, text[at+1]) >= 0 {
			at++
		}
		out.WriteByte(text[at])
	}
	return out.String()
}

// withoutComment drops what follows a "#", unless that is the start of a numeric id.
func withoutComment(line string) string {
	quoted := false
	for at := 0; at < len(line); at++ {
		switch {
		case line[at] == '\\':
			at++
		case line[at] == '"':
			quoted = !quoted
		case line[at] == '#' && !quoted && !startsID(line, at):
			return line[:at]
		}
	}
	return line
}

func startsID(line string, at int) bool {
	digit := at+1 < len(line) && line[at+1] >= '0' && line[at+1] <= '9'
	return digit && (at == 0 || strings.IndexByte(" \t,(:%!", line[at-1]) >= 0)
}

// negated takes the "!" off an item; two of them are none.
func negated(item string) (bool, string) {
	no := false
	for strings.HasPrefix(item, "!") {
		no, item = !no, strings.TrimSpace(item[1:])
	}
	return no, item
}

// isAlias tells whether a word has the form of an alias: capitals, digits and underscores, a capital first.
func isAlias(word string) bool {
	if word == "" || word[0] < 'A' || word[0] > 'Z' {
		return false
	}
	return strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}
