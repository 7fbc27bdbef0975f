package local_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/connector"
	"midgard/internal/connector/local"
)

// TestMalformed looks at the messages, at what is kept, and at whether a list may still call itself complete.
func TestMalformed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		files          map[string]string
		messages, kept []string
		hidden         bool
	}{
		"passwd": {
			files: map[string]string{"etc/passwd": "root:x:0:0:::\nshort:x:1\n:x:1:1:::\na:x:-1:1:::\nb:x:1:y:::\nc:x:4294967296:1:::\nd\x01:x:1:1:::\nok:x:1:1:::\n"},
			messages: []string{
				"/etc/passwd line 2 has 3 fields, not 7", "/etc/passwd line 3 has no name",
				"/etc/passwd line 4 has a user id that is not a number", "/etc/passwd line 5 has a group id that is not a number",
				"/etc/passwd line 6 has a user id that is not a number", "/etc/passwd line 7 has a name that is not clean text",
			},
			kept: []string{"root", "ok"}, hidden: true,
		},
		"the same name": {
			files:    map[string]string{"etc/passwd": "root:x:0:0:::\nroot:x:5:0:::\n", "etc/group": "root:x:0:\nroot:x:1:\n"},
			messages: []string{"/etc/passwd line 2 has the name of an earlier line, which is the one that counts", "/etc/group line 2 has the name of an earlier line, which is the one that counts"},
			kept:     []string{"root"},
		},
		"group": {
			files:    map[string]string{"etc/group": "root:x:0:\nx:x\n:x:1:\ny:x:z:\n"},
			messages: []string{"/etc/group line 2 has 2 fields, not 4", "/etc/group line 3 has no name", "/etc/group line 4 has a group id that is not a number"},
			kept:     []string{"root", "anna", "ben"},
		},
		"shadow": {
			files:    map[string]string{"etc/shadow": "root:*:1:0:9:7:::\nanna:*:x:0:9:7:::\nben:*\nroot:*:1:0:9:7:::\n"},
			messages: []string{"/etc/shadow line 2 has a day that is not a number", "/etc/shadow line 3 has 2 fields, not 9", "/etc/shadow line 4 has the name of an earlier line, which is the one that counts"},
			kept:     []string{"root", "anna", "ben"},
		},
		"login.defs": {
			files:    map[string]string{"etc/login.defs": "UID_MIN\nUID_MAX many\nSYS_UID_MIN 0144\n"},
			messages: []string{"/etc/login.defs line 2 gives UID_MAX a value that is not a number"},
			kept:     []string{"root", "anna", "ben"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects, messages, hidden, err := local.Read(host(tt.files), connector.TypeAccount)
			if err != nil || hidden != tt.hidden {
				t.Fatalf("error %v, hidden %v", err, hidden)
			}
			var kept []string
			for _, object := range objects {
				kept = append(kept, object.Identity)
			}
			if diff := cmp.Diff([][]string{tt.messages, tt.kept}, [][]string{messages, kept}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNothingThere makes sure that a host never looks as if all its accounts had gone.
func TestNothingThere(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"empty passwd":   {"etc/passwd": "# nobody\n+\n"},
		"nonsense":       {"etc/passwd": "x\ny\n"},
		"empty group":    {"etc/group": "\n"},
		"a line too big": {"etc/passwd": "a:x:0:0:::\n" + strings.Repeat("x", 5<<20)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, _, err := local.Read(host(files), connector.TypeAccount); err == nil {
				t.Error("there is no error")
			}
		})
	}
}

func TestPassword(t *testing.T) {
	t.Parallel()
	const hash = "$6$salt$hashhash"
	for field, want := range map[string]string{
		hash: "set", "_J9..rasmBYk8r9AiWNc": "set", "abcdefghijklm": "set", "": "none",
		"*": "locked", "!": "locked", "!!": "locked", "!*": "locked", "x": "locked", "*LK*": "locked", "NP": "locked",
		"!" + hash: "locked by somebody", "!!" + hash: "locked by somebody", "*" + hash: "locked",
	} {
		object := account(t, map[string]string{"etc/shadow": "ben:" + field + ":20000:0:5:7:::\n"})
		got := object.Attributes["passwordState"].(string)
		if object.Locked {
			got += " by somebody"
		}
		if got != want {
			t.Errorf("%q is %s, want %s", field, got, want)
		}
		if _, expires := object.Attributes["passwordExpires"]; expires != (want == "set") {
			t.Errorf("%q has an expiry date: %v", field, expires)
		}
	}
	if object := account(t, map[string]string{"etc/passwd": "root:x:0:0:::\na:x:1:1:::\nben:!" + hash + ":1001:100:::\n"}); !object.Locked {
		t.Error("a hash locked in passwd itself is not seen")
	}
}

func TestValidity(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string]struct {
		disabled                  bool
		changed, expires, account any
	}{
		"20000:0:90:7::":           {changed: "2024-10-04T00:00:00.000Z", expires: "2025-01-02T00:00:00.000Z"},
		"0:0:90:7::":               {},
		":::::":                    {},
		"-1:0:-1:7::-1":            {},
		"20000:0:99999:7::20201":   {changed: "2024-10-04T00:00:00.000Z", account: "2025-04-23T00:00:00.000Z"},
		"20000:0:99999:7::20200":   {disabled: true, changed: "2024-10-04T00:00:00.000Z", account: "2025-04-22T00:00:00.000Z"},
		"20000:0:99999:7::0":       {disabled: true, changed: "2024-10-04T00:00:00.000Z", account: "1970-01-01T00:00:00.000Z"},
		"20000::::" + ":2932896":   {changed: "2024-10-04T00:00:00.000Z", account: "9999-12-31T00:00:00.000Z"},
		"20000::::" + ":999999999": {changed: "2024-10-04T00:00:00.000Z"},
	} {
		object := account(t, map[string]string{"etc/shadow": "ben:$6$salt$hashhash:" + fields + ":\n"})
		got := []any{object.Disabled, object.Attributes["passwordLastChanged"], object.Attributes["passwordExpires"], object.Attributes["accountExpires"]}
		if diff := cmp.Diff([]any{want.disabled, want.changed, want.expires, want.account}, got); diff != "" {
			t.Errorf("%s: %s", fields, diff)
		}
	}
}

// account returns ben from a tree with the given files.
func account(t *testing.T, files map[string]string) connector.Object {
	t.Helper()
	objects, messages, _, err := local.Read(host(files), connector.TypeAccount)
	if err != nil || len(messages) > 0 {
		t.Fatalf("error %v, messages %q", err, messages)
	}
	return objects[2]
}

func TestAccountType(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ defs, uid, shell, want string }{
		"root":                 {"", "0", "/bin/false", "root"},
		"distribution":         {"", "99", "/bin/sh", "system"},
		"daemon":               {"", "100", "/bin/false", "service"},
		"daemon with shell":    {"", "999", "/bin/bash", "service"},
		"person":               {"", "1000", "/bin/bash", "human"},
		"person without shell": {"", "60000", "", "human"},
		"application":          {"", "1000", "/usr/sbin/nologin", "service"},
		"beyond regular":       {"", "60001", "/bin/sh", "system"},
		"nobody":               {"UID_MAX 70000\n", "65534", "/bin/sh", "system"},
		"no id":                {"UID_MAX 70000\n", "65535", "/bin/sh", "system"},
		"large":                {"", "65536", "/bin/sh", "human"},
		"old ranges":           {"UID_MIN 500\nSYS_UID_MIN 201\n", "500", "/bin/sh", "human"},
		"old system":           {"UID_MIN 500\nSYS_UID_MIN 201\n", "200", "/bin/sh", "system"},
		"unlisted shell":       {"", "1000", "/opt/odd", "service"},
		"listed shell":         {"", "1000", "/usr/bin/listed", "human"},
		"listed nologin":       {"", "1000", "/sbin/nologin", "service"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			object := account(t, map[string]string{
				"etc/passwd":     "root:x:0:0:::\na:x:1:1:::\nben:x:" + tt.uid + ":100:::" + tt.shell + "\n",
				"etc/login.defs": tt.defs, "etc/shells": "# shells\n/bin/listed # here\n/sbin/nologin\n",
			})
			if got := object.Attributes["accountType"]; got != tt.want {
				t.Errorf("%v, want %s", got, tt.want)
			}
		})
	}
}
