package local_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/connector"
	"midgard/internal/connector/connectortest"
	"midgard/internal/connector/local"
)

// today is the day 20200, 2025-04-22, on which the accounts of testdata are judged.
var today = time.Date(2025, 4, 22, 13, 0, 0, 0, time.UTC)

func testdata(t *testing.T) connector.Config {
	t.Helper()
	root, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return connector.Config{FileRoot: root, Attributes: map[string]any{"root": "server"}}
}

// tree writes files below etc of a new root folder.
func tree(files map[string]string) func(*testing.T) connector.Config {
	return func(t *testing.T) connector.Config {
		t.Helper()
		root := t.TempDir()
		if err := os.Mkdir(filepath.Join(root, "etc"), 0o700); err != nil {
			t.Fatal(err)
		}
		for name, content := range files {
			if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return connector.Config{FileRoot: root, Attributes: map[string]any{"root": "."}}
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, connectortest.Harness{
		Factory:    local.New(),
		Config:     testdata,
		Broken:     tree(nil),
		Unreadable: tree(map[string]string{"passwd": "a:x:0:0:::\nbroken\nb:x:1:1:::\n", "group": "a:x:0:\n"}),
	})
}

func list(t *testing.T, config connector.Config, objectType string) (*connectortest.Recorder, connector.ListResult, error) {
	t.Helper()
	factory := local.NewAt(today)
	source, err := factory.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	spec := factory.Spec()
	request := connector.ListRequest{Type: objectType, Schema: spec.Account}
	if objectType == connector.TypeGroup {
		request.Schema = *spec.Group
	}
	recorder := &connectortest.Recorder{}
	result, err := source.List(context.Background(), request, recorder)
	return recorder, result, err
}

// TestList_accounts looks at every judgement: the account's type, its password's state, whether its shell allows login,
// what it may do, and its marks.
func TestList_accounts(t *testing.T) {
	t.Parallel()
	recorder, result, err := list(t, testdata(t), connector.TypeAccount)
	if err != nil || !result.Complete {
		t.Fatalf("error %v, complete %v, failures %v", err, result.Complete, recorder.Messages())
	}
	var got []string
	for _, object := range recorder.Objects {
		got = append(got, summary(object))
	}
	want := []string{
		"root: root, locked, login; groups root; sudo ALL; privileged",
		"daemon: system, locked; groups daemon",
		"sync: system, locked; groups nogroup",
		"operator: system, unknown; groups root",
		"www-data: system, locked; groups www-data",
		"systemd-network: service, locked; groups systemd-network",
		"postgres: service, locked, login; groups postgres",
		"anna: human, set, login; groups anna, sudo; sudo ALL; privileged",
		"ben: human, locked, login; groups ben, docker, ops; sudo NOPASSWD: /usr/bin/systemctl restart app, NOPASSWD: /usr/bin/systemctl status *; privileged; LOCKED",
		"cleo: human, set, login; groups cleo, ops; sudo NOPASSWD: /usr/bin/systemctl restart app, NOPASSWD: /usr/bin/systemctl status *",
		"deploy: service, locked; groups deploy, www-data; sudo (www-data) /usr/bin/less, (www-data) NOPASSWD: /usr/bin/rsync",
		"gone: service, locked; groups gone; sudo /bin/true; LOCKED; DISABLED",
		"expired: human, set, login; groups expired; DISABLED",
		"open: human, none, login; groups open",
		"dynamic: system, unknown",
		"big: human, set, login; groups anna",
		"nobody: system, locked; groups nogroup",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func summary(object connector.Object) string {
	text := fmt.Sprintf("%s: %v, %v", object.Identity, object.Attributes["accountType"], object.Attributes["passwordState"])
	if object.Attributes["shellAllowsLogin"] == true {
		text += ", login"
	}
	for _, name := range []string{"groups", "sudo"} {
		if values, ok := object.Attributes[name].([]string); ok {
			text += "; " + name + " " + strings.Join(values, ", ")
		}
	}
	if object.Attributes["privileged"] == true {
		text += "; privileged"
	}
	if object.Locked {
		text += "; LOCKED"
	}
	if object.Disabled {
		text += "; DISABLED"
	}
	return text
}

func TestList_attributes(t *testing.T) {
	t.Parallel()
	recorder, _, err := list(t, testdata(t), connector.TypeAccount)
	if err != nil {
		t.Fatal(err)
	}
	for identity, want := range map[string]map[string]any{
		"anna": {
			"name": "anna", "uid": int64(1000), "gid": int64(1000), "primaryGroup": "anna", "gecos": "Anna Berg,,,",
			"home": "/home/anna", "shell": "/bin/bash", "shellAllowsLogin": true, "accountType": "human", "passwordState": "set",
			"passwordLastChanged": "2024-10-04T00:00:00.000Z", "passwordMaxDays": int64(90), "passwordExpires": "2025-01-02T00:00:00.000Z",
			"groups": []string{"anna", "sudo"}, "sudo": []string{"ALL"}, "privileged": true,
		},
		"expired": {
			"name": "expired", "uid": int64(1005), "gid": int64(1005), "primaryGroup": "expired", "gecos": "Expired Soon",
			"home": "/home/expired", "shell": "/bin/bash", "shellAllowsLogin": true, "accountType": "human", "passwordState": "set",
			"passwordLastChanged": "2024-10-04T00:00:00.000Z", "passwordMaxDays": int64(99999), "accountExpires": "2025-01-12T00:00:00.000Z",
			"groups": []string{"expired"}, "privileged": false,
		},
		"dynamic": {
			"name": "dynamic", "uid": int64(61184), "gid": int64(61184), "gecos": "Dynamic", "home": "/", "shell": "/usr/sbin/nologin",
			"shellAllowsLogin": false, "accountType": "system", "passwordState": "unknown", "privileged": false,
		},
	} {
		object, _ := recorder.Object(identity)
		if diff := cmp.Diff(want, object.Attributes); diff != "" {
			t.Errorf("%s: %s", identity, diff)
		}
	}
}

func TestList_groups(t *testing.T) {
	t.Parallel()
	recorder, result, err := list(t, testdata(t), connector.TypeGroup)
	if err != nil || !result.Complete || len(recorder.Objects) != 16 {
		t.Fatalf("error %v, complete %v, %d groups", err, result.Complete, len(recorder.Objects))
	}
	for identity, want := range map[string]map[string]any{
		"root":     {"name": "root", "gid": int64(0), "memberCount": int64(2), "privileged": true},
		"sudo":     {"name": "sudo", "gid": int64(27), "memberCount": int64(1), "privileged": true},
		"www-data": {"name": "www-data", "gid": int64(33), "memberCount": int64(2), "privileged": false},
		"nogroup":  {"name": "nogroup", "gid": int64(65534), "memberCount": int64(2), "privileged": false},
	} {
		object, _ := recorder.Object(identity)
		if diff := cmp.Diff(want, object.Attributes); diff != "" {
			t.Errorf("%s: %s", identity, diff)
		}
	}
}

// TestList_noHashes looks for every password field of testdata in everything that comes out.
func TestList_noHashes(t *testing.T) {
	t.Parallel()
	config := tree(map[string]string{
		"passwd": "root:$6$NOTAREALSALT$NOTAREALHASH:0:0:::\n$6$NOTAREALSALT$NOTAREALHASH:x:1\nx:x:$6$NOTAREALHASH:1:::\n",
		"group":  "root:$6$NOTAREALHASH:0:\na:x:$6$NOTAREALHASH:\n",
		"shadow": "a:$6$NOTAREALHASH\na:b:$6$NOTAREALHASH::::::\n",
	})(t)
	for _, config := range []connector.Config{testdata(t), config} {
		for _, objectType := range []string{connector.TypeAccount, connector.TypeGroup} {
			recorder, _, err := list(t, config, objectType)
			if err != nil {
				t.Fatal(err)
			}
			if all := fmt.Sprint(recorder.Objects, recorder.Messages()); strings.Contains(all, "NOTAREAL") {
				t.Errorf("a password hash is in %s", all)
			}
		}
	}
}

// TestHost reads the machine that the test runs on, whatever it is.
func TestHost(t *testing.T) {
	t.Parallel()
	for _, objectType := range []string{connector.TypeAccount, connector.TypeGroup} {
		recorder, result, err := list(t, connector.Config{}, objectType)
		if runtime.GOOS != "linux" {
			if !errors.Is(err, connector.ErrUnavailable) || strings.Contains(err.Error(), "\n") {
				t.Errorf("on %s: %v, want one line of ErrUnavailable", runtime.GOOS, err)
			}
			continue
		}
		if err != nil || !result.Complete {
			t.Fatalf("error %v, complete %v, failures %v", err, result.Complete, recorder.Messages())
		}
		root, ok := recorder.Object("root")
		if !ok || root.Attributes["privileged"] != true {
			t.Errorf("%s root: found %v, %v", objectType, ok, root.Attributes)
		}
	}
}

func TestOpen_wrongConfiguration(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]connector.Config{
		"no folder":         {Attributes: map[string]any{"root": "/srv"}},
		"out of the folder": {FileRoot: t.TempDir(), Attributes: map[string]any{"root": "/etc"}},
		"up":                {FileRoot: t.TempDir(), Attributes: map[string]any{"root": "../"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := local.New().Open(config)
			if err == nil {
				err = source.Test(context.Background())
			}
			var wrong *connector.ConfigError
			if !errors.As(err, &wrong) || wrong.Field != "root" {
				t.Errorf("%v, want a ConfigError for root", err)
			}
		})
	}
}

func TestTest_unavailable(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config connector.Config
		want   error
	}{
		"no files":  {tree(nil)(t), connector.ErrUnavailable},
		"no group":  {tree(map[string]string{"passwd": "a:x:0:0:::\n"})(t), connector.ErrUnavailable},
		"no folder": {connector.Config{FileRoot: t.TempDir(), Attributes: map[string]any{"root": "absent"}}, connector.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := local.New().Open(tt.config)
			if err != nil {
				t.Fatal(err)
			}
			if err := source.Test(context.Background()); !errors.Is(err, tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want one line of %v", err, tt.want)
			}
		})
	}
}
