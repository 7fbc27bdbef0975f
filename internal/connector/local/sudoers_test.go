package local_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/connector"
	"midgard/internal/connector/local"
)

// host is a small tree with the accounts root, anna (1000, in staff and "domain users") and ben (1001).
func host(more map[string]string) fstest.MapFS {
	tree := fstest.MapFS{}
	for name, content := range map[string]string{
		"etc/passwd":   "root:x:0:0:::/bin/sh\nanna:x:1000:50:::/bin/sh\nben:x:1001:100:::/bin/sh\n",
		"etc/group":    "root:x:0:\nstaff:x:50:\ndomain users:x:60:anna\nusers:x:100:\n",
		"etc/hostname": "# made by nobody\nweb01.example.org\n",
	} {
		tree[name] = &fstest.MapFile{Data: []byte(content)}
	}
	for name, content := range more {
		tree[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return tree
}

// forbidden is a tree of which some files may not be read.
type forbidden struct {
	fstest.MapFS
	names []string
}

func (f forbidden) Open(name string) (fs.File, error) {
	for _, hidden := range f.names {
		if name == hidden {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
		}
	}
	return f.MapFS.Open(name)
}

func (f forbidden) Stat(name string) (fs.FileInfo, error) { return f.MapFS.Stat(name) }

func (f forbidden) ReadDir(name string) ([]fs.DirEntry, error) {
	if _, err := f.Open(name); err != nil {
		return nil, err
	}
	return f.MapFS.ReadDir(name)
}

// rights lists "account: right" for everybody but root, with "!" behind the name of a privileged account.
func rights(t *testing.T, tree fs.FS) (list, messages []string) {
	t.Helper()
	objects, messages, _, err := local.Read(tree, connector.TypeAccount)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects[1:] {
		name := object.Identity
		switch object.Attributes["privileged"] {
		case true:
			name += "!"
		case nil:
			name += "?"
		}
		given, _ := object.Attributes["sudo"].([]string)
		for _, right := range given {
			list = append(list, name+": "+right)
		}
		if len(given) == 0 && name != object.Identity {
			list = append(list, name)
		}
	}
	return list, messages
}

func TestSudoers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rules string
		want  []string
	}{
		"everything":             {"anna ALL=(ALL) ALL", []string{"anna!: ALL"}},
		"everything, short":      {"anna ALL = ALL", []string{"anna!: ALL"}},
		"without password":       {"anna ALL=(ALL:ALL) NOPASSWD:ALL", []string{"anna!: NOPASSWD: ALL"}},
		"everything as another":  {"anna ALL=(postgres) ALL", []string{"anna: (postgres) ALL"}},
		"as root among others":   {"anna ALL=(postgres, root) ALL", []string{"anna!: ALL"}},
		"as anybody but root":    {"anna ALL=(ALL, !root) ALL", []string{"anna: (ALL,!root) ALL"}},
		"with another group":     {"anna ALL=(:disk) /bin/dd", []string{"anna: (:disk) /bin/dd"}},
		"as oneself":             {"anna ALL=() /bin/dd", []string{"anna: () /bin/dd"}},
		"forbidden command":      {"anna ALL=ALL, !/bin/su", []string{"anna!: !/bin/su", "anna!: ALL"}},
		"nothing but forbidden":  {"anna ALL=!ALL", []string{"anna: !ALL"}},
		"several users":          {"anna , ben ALL=/bin/a", []string{"anna: /bin/a", "ben: /bin/a"}},
		"all but one":            {"ALL,!ben ALL=/bin/a", []string{"anna: /bin/a"}},
		"last item decides":      {"!anna,ALL ALL=/bin/a", []string{"anna: /bin/a", "ben: /bin/a"}},
		"ids":                    {"#1000 ALL=/bin/a\n%#100 ALL=/bin/b", []string{"anna: /bin/a", "ben: /bin/b"}},
		"groups":                 {"%staff ALL=/bin/a\n%users ALL=/bin/b", []string{"anna: /bin/a", "ben: /bin/b"}},
		"group with a space":     {`%domain\ users ALL=/bin/a` + "\n" + `"%domain users" ALL=/bin/b`, []string{"anna: /bin/a", "anna: /bin/b"}},
		"others' groups":         {"+admins ALL=ALL\n%:Domain_Admins ALL=ALL", nil},
		"hosts":                  {"anna web01=/bin/a\nanna WEB*=/bin/b\nanna db01=/bin/c\nanna web01.example.org=/bin/d", []string{"anna: /bin/a", "anna: /bin/b", "anna: /bin/d"}},
		"all hosts but":          {"anna ALL,!web01=/bin/a\nanna ALL,!db01=/bin/b", []string{"anna: /bin/b"}},
		"addresses":              {"anna 10.0.0.0/8=/bin/a\nanna 10.1.1.1=/bin/b", []string{"anna: /bin/a", "anna: /bin/b"}},
		"several hosts":          {"anna db01=/bin/a : web01=NOPASSWD: /bin/b, PASSWD: /bin/c", []string{"anna: /bin/c", "anna: NOPASSWD: /bin/b"}},
		"tags and runas hold on": {"anna ALL=(ben) NOPASSWD: NOEXEC: /bin/a, (root) /bin/b", []string{"anna: (ben) NOPASSWD: /bin/a", "anna: NOPASSWD: /bin/b"}},
		"options and digests": {"anna ALL=(root) CWD=/srv TIMEOUT=5m NOPASSWD: sha224:0GomF8mNN3wlDt1HD9XldjJ3SNgpFdbjO1+NsQ /bin/a",
			[]string{"anna: NOPASSWD: /bin/a"}},
		"arguments":      {`anna ALL=/bin/a  -o x\=1\,2   "a b", /bin/b ""`, []string{`anna: /bin/a -o x=1,2 "a b"`, `anna: /bin/b ""`}},
		"comments":       {"# anna ALL=ALL\n anna ALL=/bin/a # ben ALL=ALL\n#ben ALL=ALL", []string{"anna: /bin/a"}},
		"continued":      {"anna \\\n\tALL=/bin/a,\\\n/bin/b\\", []string{"anna: /bin/a", "anna: /bin/b"}},
		"defaults":       {"Defaults env_reset\nDefaults@web01 log_output\nDefaults!/bin/a noexec", nil},
		"same right":     {"anna ALL=/bin/a\n%staff ALL=/bin/a", []string{"anna: /bin/a"}},
		"user alias":     {"A ALL=/bin/a\nUser_Alias A = anna, B : B = ben", []string{"anna: /bin/a", "ben: /bin/a"}},
		"negated alias":  {"User_Alias A = anna\nALL,!A ALL=/bin/a", []string{"ben: /bin/a"}},
		"host alias":     {"Host_Alias WEB = web01, web02 : DB = db01\nanna WEB=/bin/a\nanna DB=/bin/b", []string{"anna: /bin/a"}},
		"runas alias":    {"Runas_Alias R = root, ben\nanna ALL=(R) ALL", []string{"anna!: ALL"}},
		"command alias":  {"Cmnd_Alias C = /bin/a, !/bin/b, D\nCmd_Alias D = /bin/d x\\,y\nanna ALL=NOPASSWD: C", []string{"anna: !/bin/b", "anna: NOPASSWD: /bin/a", "anna: NOPASSWD: /bin/d x,y"}},
		"negated D":      {"Cmnd_Alias C = /bin/a, !/bin/b\nanna ALL=!C", []string{"anna: !/bin/a", "anna: /bin/b"}},
		"ALL by alias":   {"Cmnd_Alias C = ALL\nanna ALL=C", []string{"anna!: ALL"}},
		"circles":        {"User_Alias A = A, B, B : B = A, A, anna\nCmnd_Alias C = C, D, D : D = C, C, /bin/a\nA ALL=C", []string{"anna: /bin/a"}},
		"alias of users": {"User_Alias U = %staff\nU ALL=/bin/a", []string{"anna: /bin/a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, messages := rights(t, host(map[string]string{"etc/sudoers": tt.rules + "\n"}))
			if diff := cmp.Diff(tt.want, got); diff != "" || len(messages) > 0 {
				t.Errorf("messages %q\n%s", messages, diff)
			}
		})
	}
}

func TestSudoers_notUnderstood(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"anna", "anna ALL", "anna=ALL", "anna ALL=", "anna ALL ALL=ALL", "anna ALL=(root", "anna ALL=/bin/a : /bin/b",
		"anna ALL=/bin/a : web01 x = /bin/b", "User_Alias lower = anna", "Cmnd_Alias C", "=", "anna ALL=,", "ben ALL=NOPASSWD:",
	} {
		got, messages := rights(t, host(map[string]string{"etc/sudoers": "\n" + line + "\nben ALL=/bin/a\n"}))
		if diff := cmp.Diff([]string{"ben: /bin/a"}, got); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
		want := []string{"/etc/sudoers line 2 is not understood; rights that it gives are missing"}
		if diff := cmp.Diff(want, messages); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
}

func TestSudoers_includes(t *testing.T) {
	t.Parallel()
	tree := host(map[string]string{
		"etc/sudoers": "#include sudoers.web01.example.org\n@include \"/opt/more\"\n@include sudoers.absent\n" +
			"#includedir /etc/sudoers.d\n@includedir /nowhere\nanna ALL=/bin/last\n",
		"etc/sudoers.web01.example.org": "anna ALL=/bin/relative\n",
		"etc/sudoers.%h":                "anna ALL=/bin/wrong\n",
		"opt/more":                      "anna ALL=/bin/absolute\n@include more\n",
		"etc/sudoers.d/b":               "anna ALL=C\n",
		"etc/sudoers.d/a":               "Cmnd_Alias C = /bin/folder\nnonsense\n",
		"etc/sudoers.d/a~":              "anna ALL=/bin/editor\n",
		"etc/sudoers.d/a.rpmsave":       "anna ALL=/bin/package\n",
		"etc/sudoers.d/sub/a":           "anna ALL=/bin/sub\n",
	})
	got, messages := rights(t, tree)
	want := []string{"anna: /bin/absolute", "anna: /bin/folder", "anna: /bin/last", "anna: /bin/relative"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	wanted := []string{
		"/opt/more line 2 includes /opt/more as number 129 in a row",
		"/etc/sudoers line 3 includes /etc/sudoers.absent: ",
		"/etc/sudoers.d/a line 2 is not understood",
	}
	if len(messages) != len(wanted) {
		t.Fatalf("messages %q", messages)
	}
	for i, start := range wanted {
		if !strings.HasPrefix(messages[i], start) {
			t.Errorf("message %q, want %q", messages[i], start)
		}
	}
}

// TestUnreadable is the view of a user who is not root.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	tree := host(map[string]string{
		"etc/shadow":      "anna::1::::::\n",
		"etc/sudoers":     "ben ALL=/bin/a\n@includedir /etc/sudoers.d\n",
		"etc/sudoers.d/x": "anna ALL=ALL\n",
	})
	for _, hidden := range []string{"etc/sudoers", "etc/sudoers.d", "etc/sudoers.d/x"} {
		got, messages := rights(t, forbidden{tree, []string{hidden}})
		want := []string{"anna?", "ben?: /bin/a"}
		if hidden == "etc/sudoers" {
			want = []string{"anna?", "ben?"}
		}
		if diff := cmp.Diff(want, got); diff != "" || len(messages) > 0 {
			t.Errorf("without %s: messages %q\n%s", hidden, messages, diff)
		}
	}
	objects, _, _, err := local.Read(forbidden{tree, []string{"etc/shadow"}}, connector.TypeAccount)
	if err != nil || objects[1].Attributes["passwordState"] != "unknown" {
		t.Errorf("without shadow: %v, %v", err, objects)
	}
	objects, _, _, err = local.Read(forbidden{tree, []string{"etc/sudoers"}}, connector.TypeGroup)
	if err != nil || fmt.Sprint(objects[0].Attributes["privileged"], objects[1].Attributes["privileged"]) != "true <nil>" {
		t.Errorf("groups without sudoers: %v, %v", err, objects)
	}
}

func TestGroups_privilegedBySudo(t *testing.T) {
	t.Parallel()
	tree := host(map[string]string{"etc/sudoers": "%staff ALL=(ALL) ALL\nanna ALL=ALL\n#0 ALL=ALL\n%users ALL=/bin/a\n"})
	objects, _, _, err := local.Read(tree, connector.TypeGroup)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	for _, object := range objects {
		got[object.Identity] = object.Attributes["privileged"]
	}
	want := map[string]any{"root": true, "staff": true, "domain users": false, "users": false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// FuzzSudoers reads any bytes as rules: nothing fails, and what comes out can be stored.
func FuzzSudoers(f *testing.F) {
	f.Add("User_Alias A = anna, !B : B = ben\nA ALL=(ALL:disk) NOPASSWD: /bin/a \\, \"x\", !C : web01 = ALL\n")
	f.Add("@includedir sudoers.d\n%#50 ALL, !10.0.0.1 = () sha224:x /bin/b \\\n")
	f.Fuzz(func(t *testing.T, rules string) {
		objects, _, _, err := local.Read(host(map[string]string{"etc/sudoers": rules}), connector.TypeAccount)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			given, _ := object.Attributes["sudo"].([]string)
			for _, right := range given {
				if !utf8.ValidString(right) || strings.ContainsRune(right, 0) || right == "" {
					t.Errorf("right %q", right)
				}
			}
		}
	})
}
