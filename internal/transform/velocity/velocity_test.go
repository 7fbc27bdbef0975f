package velocity_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/transform/velocity"
)

var values = map[string]any{
	"first": "Ada", "last": "Lovelace", "empty": "", "none": nil, "yes": true, "no": false, "count": int64(7), "small": 3, "ratio": 2.5,
	"padded": "  x ", "path": "a/b/c", "name": "Ådne Øst", "type": "Employee", "list": []string{"one", "two"}, "mixed": []any{"a", 1, true},
	"user": map[string]any{"name": "ada", "manager": map[string]any{"email": "boss@example.com"}, "groups": []any{"x", "y"}},
	"odd":  struct{}{}, "dollar": "$1", "spaced": "a b  c",
}

func lookup(name string) (any, bool) {
	value, found := values[name]
	return value, found
}

var rendered = []struct{ template, want string }{
	{"", ""},
	{"Employee", "Employee"},
	{"$first.$last@example.com", "Ada.Lovelace@example.com"},
	{"${first}x$last-$first", "AdaxLovelace-Ada"},
	{"$unknown ${unknown} $!unknown|$!{unknown}|$none|$!none", "$unknown ${unknown} ||$none|"},
	{"costs $5 or $ or $$first #1 #fff # 50%", "costs $5 or $ or $Ada #1 #fff # 50%"},
	{`\$first \${first} \\$first \\\$first \x \$5 \#if(x) \#x C:\`, `$first ${first} \Ada \$first \x \$5 #if(x) \#x C:\`},
	{"$yes $count $small $ratio $list $mixed $user.manager", "true 7 3 2.5 [one, two] [a, 1, true] {email=boss@example.com}"},
	{"$user.name $user.manager.email $user.none $user.groups[1] $user['name'] $list[0]", "ada boss@example.com $user.none y ada one"},
	{"$first.name $first.none.deeper $!first.name", "$first.name $first.none.deeper "},
	{"$user.groups.get(0) $list.size() $user.get('name') $user.containsKey('name') $list.contains('two') $list.isEmpty()", "x 2 ada true true false"},
	{"before## comment\nafter #* more\n *#end ## last", "beforeafter end "},

	{"$first.toUpperCase()$last.toLowerCase()", "ADAlovelace"},
	{"[$padded.trim()] $first.length() $name.length() $name.toUpperCase()", "[x] 3 8 ÅDNE ØST"},
	{"$last.substring(4) $last.substring(0,4) $last.substring(8)| $name.substring(5, 6)", "lace Love | Ø"},
	{"${first.substring(0,1)}$last.substring(0, 1).toLowerCase()", "Al"},
	{"$path.replace('/', '.') $path.replace('', '-') $path.replaceAll('[abc]', 'x') $path.replaceFirst('.', 'z')", "a.b.c -a-/-b-/-c- x/x/x z/b/c"},
	{`$last.replaceAll('(\w)(\w)', '$2$1') $last.replaceAll('(L)o', '$12\$') $last.replaceAll('v', '\\\\')`, `oLevalec L2$velace Lo\\elace`},
	{"$path.indexOf('/') $path.indexOf('/', 2) $path.indexOf('x') $path.lastIndexOf('/') $name.indexOf('st') $name.indexOf('Ø', 99)", "1 3 -1 3 6 -1"},
	{"$first.contains('d') $first.startsWith('A') $first.endsWith('A') $empty.isEmpty() $first.isEmpty()", "true true false true false"},
	{"$first.equals('Ada') $first.equals($none) $first.equalsIgnoreCase('ADA') $first.equalsIgnoreCase($none) $first.matches('A..') $first.matches('A.')", "true false true false true false"},
	{"$first.charAt(1) $first.concat(' ').concat($last) $count.toString() $count.length()", "d Ada Lovelace 7 1"},
	{"$path.split('/')[1] $path.split('/').get(2) $path.split('/').size() $path.split('/', 2)[1] $spaced.split(' ') $empty.split(',').size()", "b c 3 b/c [a, b, , c] 1"},
	{"$list.length() $none.length() $list.size().length()", "$list.length() $none.length() 1"},

	{"#set($x = $first.toLowerCase())$x", "ada"},
	{"#set( $x = \"$first $last\" )$x.length() #set($y='$first')$y #set($z = \"say \"\"$first\"\"\")$z #set($w = 'it''s')$w", "12$firstsay \"Ada\"it's"},
	{"#set($first = 'Eve')$first#set($first = $none)$first", "EveEve"},
	{"  #set($x = 1)\n$x and #set($x = $x + 1)$x", "1 and 2"},
	{"#set($x = 7 / 2)$x #set($x = 7 % 4 * 2 - 1)$x #set($x = 1.5 + 1)$x #set($x = 'a' + 1)$x #set($x = -3)$x #set(${x} = 2.0)$x", "352.5a1-32.0"},
	{"#set($x = 1 / 0)$x#set($x = 'a' - 1)$x#set($x = 1.5 / 0)$x", "$x$x$x"},
	{"#set($x = $last.length() - 1)$last.substring($x)", "e"},

	{"#if($yes)a#{else}b#end#if($no)a#else b#end", "a b"},
	{"#if($none)a#elseif($empty)b#end#if($unknown)c#end#if(!$none)d#end", "bd"},
	{"#if($type == 'Contractor')C#elseif($type == \"Employee\")E#else O#end", "E"},
	{"#if($type != 'Employee')x#{end}y", "y"},
	{"#if($count > 6 && $count < 8)in#end#if($count >= 8 || $count <= 7)or#end", "inor"},
	{"#if($count == 7.0)a#end#if($count == '7')b#end#if($first > 'A')c#end#if($ratio eq 2.5)d#end", "abd"},
	{"#if($none == $unknown)a#end#if($none == '')b#end#if(!($yes and $no))c#end#if(not $no or $no)d#end#if(!!$yes)e#end", "acde"},
	{"#if($first.startsWith('A') && $last.endsWith('e'))\n  yes\n#end\nend", "  yes\nend"},
	{"#if($yes)#if($no)a#{else}b#end#else c#end", "b"},
	{"#if($yes == true)a#end#if(false)b#end#if($count ne 7)c#end#if($count gt 1)d#end#if($count ge 8)e#end#if($count lt 8)f#end#if($count le 6)g#end", "adf"},
	{"#if(\"$first$last\" == 'AdaLovelace')same#end", "same"},
	{"#endless #iffy #settle #elsewhere", "#endless #iffy #settle #elsewhere"},
}

func TestRender(t *testing.T) {
	t.Parallel()
	for _, c := range rendered {
		template, err := velocity.Compile(c.template)
		if err != nil {
			t.Errorf("Compile(%q): %v", c.template, err)
			continue
		}
		if got, err := template.Render(lookup, 1000); err != nil || got != c.want {
			t.Errorf("%s\nis   %q, %v\nwant %q", c.template, got, err, c.want)
		}
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	template, err := velocity.Compile("$b #set($x = \"$a.c $!{d}\")#if($b)$list[$i].get($j)#end \\$no ## $not")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b", "a", "d", "list", "i", "j"}, template.Variables()); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ template, want string }{
		{strings.Repeat("x", velocity.MaxTemplate+1), "at most 65536 are allowed"},
		{"å#foreach($x in $list)#end", "character 10: #foreach is not supported"},
		{"#macro(x)#end", "#macro is not supported"},
		{"#include('x')", "#include is not supported"},
		{"#if($x)", "#if is not closed with #end"},
		{"#if $x", "#if must be followed by a condition in parentheses"},
		{"#if($x #end", "the condition of #if lacks its closing parenthesis"},
		{"#if($x)#else#elseif($y)#end", "#elseif follows #else"},
		{"x#end", "#end has no #if"},
		{"#set($x 1)", "#set takes the name of a variable and ="},
		{"#set(x = 1)", "#set must be followed by ($name = value)"},
		{"#set($x = )", "a value must be here"},
		{"#set($x = null)", "a value must be here"},
		{"#set($x = 'a)", "a quoted text is not closed"},
		{"#set($x = (1)", "#set lacks its closing parenthesis"},
		{"#set($x = (1", "a parenthesis is not closed"},
		{"#set($x = \"#end\")", "#end has no #if"},
		{"#set($x = \"$y.what()\")", "the method what is not supported"},
		{"${x", "the reference ${x is not closed with }"},
		{"$x[1", "an index is not closed with ]"},
		{"$x.getClass()", "the method getClass is not supported"},
		{"$x.substring()", "substring takes 1 or 2 arguments, not 0"},
		{"$x.trim(1)", "trim takes 0 arguments, not 1"},
		{"$x.concat()", "concat takes 1 argument, not 0"},
		{"$x.substring(1 2)", "arguments lack a comma"},
		{"$x.replaceAll('(', '')", "the pattern \"(\" is wrong"},
		{"$x.split('" + strings.Repeat("a", 1001) + "')", "more than 1000 bytes"},
		{"$x.matches('" + strings.Repeat("()", 21) + "')", "more than 20 groups"},
		{strings.Repeat("#if($x)", 33) + strings.Repeat("#end", 33), "nested deeper than 32 levels"},
		{"#if(" + strings.Repeat("(", 40) + "1", "nested deeper than 32 levels"},
		{"$x" + strings.Repeat(".a", 40), "more than 32 parts"},
	} {
		if _, err := velocity.Compile(c.template); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: %v, want an error with %s", c.template, err, c.want)
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	doubled := func(times int) string { return "#set($x = 'aa')" + strings.Repeat("#set($x = \"$x$x\")", times) }
	for _, c := range []struct{ template, want string }{
		{"$first.substring(4)", "substring: a text of 3 characters has no part from 4 to 3"},
		{"$first.substring(2, 1)", "no part from 2 to 1"},
		{"$first.charAt(-1)", "no part from -1 to 0"},
		{"$first.substring('1')", "substring: argument 1 must be a whole number"},
		{"$first.contains($none)", "contains: argument 1 has no value"},
		{"$list[2]", "the list has 2 elements and none with the index 2"},
		{"$list.get('x')", "none with the index x"},
		{"$first.replaceAll($path.replace('a', '('), '')", "replaceAll: the pattern \"(/b/c\" is wrong"},
		{"$first.replaceAll('a', $dollar)", "refers to a group that the pattern lacks"},
		{`$first.replaceAll('a', '\')`, "ends with a single"},
		{"$odd", `variable "odd": a template cannot use a value of the type struct {}`},
		{strings.Repeat("x", 1001), "a text of more than 1000 bytes"},
		{doubled(40), "a text of more than 1000 bytes"},
		{doubled(8) + "#set($x = $x.replace('a', $x))", "a text of more than 1000 bytes"},
		{doubled(8) + "#set($x = $x.replaceAll('a', $x))", "a text of more than 1000 bytes"},
		{doubled(8) + "#set($x = $x.concat($x).concat($x).concat($x))", "a text of more than 1000 bytes"},
	} {
		template, err := velocity.Compile(c.template)
		if err != nil {
			t.Errorf("Compile(%.60q): %v", c.template, err)
			continue
		}
		if got, err := template.Render(lookup, 1000); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: %.60q, %v, want an error with %s", c.template, got, err, c.want)
		}
	}
}

func TestPartsAreBounded(t *testing.T) {
	t.Parallel()
	long := func(string) (any, bool) { return strings.Repeat("a,", 100_001), true }
	for call, want := range map[string]string{"$x.split(',')": "more than 100000 parts", "$x.replaceAll(',', '')": "more than 100000 matches"} {
		template, err := velocity.Compile(call)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := template.Render(long, 1<<20); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %s", call, err, want)
		}
	}
}

// However long the texts may be, a rendering ends after so much work.
func TestWorkIsBounded(t *testing.T) {
	t.Parallel()
	text1M := strings.Repeat("a", 1<<20)
	for _, piece := range []string{"$x.toUpperCase().length()", "#if($x.contains('b'))#end", "#if($x == $y)#end", "$x.replaceAll('b', '').length()", "$x.split('b').size()"} {
		text := "#set($y = $x)" + strings.Repeat(piece, (velocity.MaxTemplate-20)/len(piece))
		template, err := velocity.Compile(text)
		if err != nil {
			t.Fatal(err)
		}
		long := func(string) (any, bool) { return text1M, true }
		if _, err := template.Render(long, 1<<21); err == nil || !strings.Contains(err.Error(), "works through more than") {
			t.Errorf("%s: %v", piece, err)
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, c := range rendered {
		f.Add(c.template)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const limit = 10_000
		template, err := velocity.Compile(text)
		if err != nil {
			return
		}
		got, err := template.Render(lookup, limit)
		if err == nil && len(got) > limit {
			t.Errorf("%q makes %d bytes", text, len(got))
		}
	})
}

func BenchmarkRender(b *testing.B) {
	template, err := velocity.Compile("#if($type == 'Employee')$first.substring(0,1).toLowerCase()$last.toLowerCase()#else$user.name#end@example.com")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := template.Render(lookup, 1000); err != nil {
			b.Fatal(err)
		}
	}
}
