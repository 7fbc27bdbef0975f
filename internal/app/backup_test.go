//go:build unix

package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"midgard/internal/app"
	"midgard/internal/app/apptest"
	"midgard/internal/config"
)

// elsewhere is the configuration of a server in an empty folder of its own.
func elsewhere(t *testing.T, c config.Config) config.Config {
	t.Helper()
	c.Data = t.TempDir()
	c.SecretKeyFile, c.FileRoot = filepath.Join(c.Data, "secrets.json"), filepath.Join(c.Data, "files")
	return c
}

// made gives the names of the machine identities that people have made, as a database file has them.
func made(t *testing.T, c config.Config) map[string]bool {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(c.Data, "midgard.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("select name from machine_identity where manually_created")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names[name] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}

func makeIdentity(t *testing.T, s *apptest.Server, name string) {
	t.Helper()
	s.Admin.Post(t, identitiesPath, apptest.JSON(obj{"name": name, "nativeIdentity": name, "subtype": "Application"})).Want(t, http.StatusOK)
}

// midgard runs the program as an operator does.
func midgard(t *testing.T, c config.Config, verb, file string) {
	t.Helper()
	command := exec.Command(programs(t).midgard, verb, file, "--data", c.Data)
	command.Env = []string{}
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("midgard %s: %v\n%s", verb, err, out)
	}
}

// TestBackupsUnderLoad makes backups while clients write, restores each in another place, and looks for everything that was
// answered before the backup began.
func TestBackupsUnderLoad(t *testing.T) {
	t.Parallel()
	programs(t)
	s := apptest.Start(t)
	source := machines(t, s, "Servers")
	var mu sync.Mutex
	answered := map[string]bool{}
	done := make(chan struct{})
	var writing sync.WaitGroup
	for client := range 3 {
		writing.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				name := fmt.Sprintf("client %d number %d", client, n)
				makeIdentity(t, s, name)
				mu.Lock()
				answered[name] = true
				mu.Unlock()
				<-time.After(10 * time.Millisecond) // enough writes, and a file that is soon checked
			}
		})
	}
	writing.Go(func() { s.Load(t, source, machineFile(0, 2000)) })
	folder := t.TempDir()
	var before []map[string]bool
	for i := range 20 {
		for ; ; <-time.After(time.Millisecond) { // some are written between any two backups
			mu.Lock()
			now := maps.Clone(answered)
			mu.Unlock()
			if len(now) > 5*i {
				before = append(before, now)
				break
			}
		}
		midgard(t, s.Config, "backup", filepath.Join(folder, fmt.Sprint(i)))
	}
	close(done)
	writing.Wait()
	for i, names := range before {
		c := elsewhere(t, s.Config)
		midgard(t, c, "restore", filepath.Join(folder, fmt.Sprint(i)))
		got := made(t, c)
		for name := range names {
			if !got[name] {
				t.Errorf("backup %d lacks %q", i, name)
			}
		}
	}
	t.Logf("%d writes were answered before the last backup began", len(before[len(before)-1]))
}

// TestRestore puts an older state back and goes on from there, with the keys of the server and without.
func TestRestore(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t)
	makeIdentity(t, s, "kept")
	file := filepath.Join(t.TempDir(), "backup")
	if err := app.Backup(t.Context(), s.Config, file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others can read the backup: %v (%v)", info.Mode(), err)
	}
	makeIdentity(t, s, "lost")
	err := app.Restore(t.Context(), s.Config, file)
	if err == nil || !strings.Contains(err.Error(), "stop the server") {
		t.Errorf("a restore under a running server gives %v", err)
	}
	s.Stop()
	if err := app.Restore(t.Context(), s.Config, file); err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(made(t, s.Config))); !slices.Equal(got, []string{"kept"}) {
		t.Errorf("after the restore there are %q", got)
	}
	s.Restart(t)
	makeIdentity(t, s, "next")
	s.Stop()
}

// TestABackupNeedsItsKeys shows that a backup holds the secrets of sources in a form that only the key file opens.
func TestABackupNeedsItsKeys(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t, func(c *config.Config) {
		c.BootstrapClientID, c.BootstrapClientSecret = "admin", "the-secret-of-the-admin"
	})
	source := s.CreateSource(t, "Directory", map[string]any{"connector": "openldap", "connectorAttributes": map[string]any{
		"host": "127.0.0.1", "port": 1, "user": "cn=reader", "password": "a canary", "searchDN": "dc=example",
	}})
	file := filepath.Join(t.TempDir(), "backup")
	if err := app.Backup(t.Context(), s.Config, file); err != nil {
		t.Fatal(err)
	}
	keys := s.Config.SecretKeyFile
	s.Stop()
	for _, test := range []struct {
		keys bool
		want string
	}{{false, "enter it again"}, {true, "cannot be reached"}} {
		s.Config = elsewhere(t, s.Config)
		if err := app.Restore(t.Context(), s.Config, file); err != nil {
			t.Fatal(err)
		}
		if test.keys {
			copyTo(t, keys, s.Config.SecretKeyFile)
		}
		s.Restart(t)
		v := &victim{t: t, http: http.DefaultClient, listen: strings.TrimPrefix(s.URL, "http://")}
		v.signIn()
		s.WithToken("the administrator", v.admin.token).Post(t, "/sources/v1/"+source+"/connector/check-connection", "").Want(t, http.StatusOK, `"FAILURE"`, test.want)
		s.Stop()
	}
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestWhatIsNoBackup is refused and leaves the database as it was.
func TestWhatIsNoBackup(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t)
	makeIdentity(t, s, "kept")
	folder := t.TempDir()
	good := filepath.Join(folder, "good")
	if err := app.Backup(t.Context(), s.Config, good); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	content, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	flipped := slices.Clone(content)
	for i := len(flipped) / 2; i < len(flipped)/2+5000; i++ {
		flipped[i] ^= 0x5a
	}
	for name, data := range map[string][]byte{
		"empty": {}, "text": []byte(strings.Repeat("no database\n", 1000)), "short": content[:len(content)/2], "flipped": flipped,
		"newer": newer(t, folder, content), "foreign": foreign(t, folder),
	} {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := app.Restore(t.Context(), s.Config, file); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := app.Restore(t.Context(), s.Config, filepath.Join(folder, "absent")); err == nil {
		t.Error("a backup that is not there was restored")
	}
	if got := made(t, s.Config); !got["kept"] {
		t.Errorf("after all refusals there are %v", got)
	}
	if entries, err := filepath.Glob(filepath.Join(s.Config.Data, "*restor*")); err != nil || len(entries) > 0 {
		t.Errorf("refusals leave %v (%v)", entries, err)
	}
}

// newer is a backup that a later program has migrated.
func newer(t *testing.T, folder string, content []byte) []byte {
	t.Helper()
	return edited(t, folder, content, "insert into goose_db_version (version_id, is_applied) values (9999, 1)")
}

// foreign is a database of another program.
func foreign(t *testing.T, folder string) []byte {
	t.Helper()
	return edited(t, folder, nil, "create table theirs (id int)")
}

func edited(t *testing.T, folder string, content []byte, statement string) []byte {
	t.Helper()
	file := filepath.Join(folder, "edited")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(statement)
	if closing := db.Close(); err == nil {
		err = closing
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestBackupsThatCannotBeMade(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t)
	folder := t.TempDir()
	there := filepath.Join(folder, "there")
	if err := os.WriteFile(there, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	gone, giveUp := context.WithCancel(t.Context())
	giveUp()
	empty := elsewhere(t, s.Config)
	postgres := s.Config
	postgres.Database = "postgres://somewhere/midgard"
	for name, try := range map[string]func() error{
		"exists already":             func() error { return app.Backup(t.Context(), s.Config, there) },
		"back up into":               func() error { return app.Backup(t.Context(), s.Config, filepath.Join(folder, "no", "such", "folder")) },
		"context canceled":           func() error { return app.Backup(gone, s.Config, filepath.Join(folder, "given up")) },
		"there is no database":       func() error { return app.Backup(t.Context(), empty, filepath.Join(folder, "nothing")) },
		"pg_dump":                    func() error { return app.Backup(t.Context(), postgres, filepath.Join(folder, "foreign")) },
		"pg_dump and pg_restore for": func() error { return app.Restore(t.Context(), postgres, there) },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
	if text, err := os.ReadFile(there); err != nil || string(text) != "mine" {
		t.Errorf("the file that was there holds %q (%v)", text, err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("failed backups leave %v (%v)", entries, err)
	}
}
