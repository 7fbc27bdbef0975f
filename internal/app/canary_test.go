//go:build unix

package app_test

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"midgard/internal/app"
	"midgard/internal/app/apptest"
	"midgard/internal/config"
	"midgard/internal/connector/builtin"
	"midgard/internal/testenv"
)

// aviary are secrets that must show up nowhere.
type aviary struct {
	t        *testing.T
	canaries map[string]string // what each is
}

// look searches a text for every canary, as it is and in the usual encodings.
func (a *aviary) look(where, text string) {
	a.t.Helper()
	for canary, what := range a.canaries {
		for _, form := range []string{canary, hex.EncodeToString([]byte(canary)), base64.StdEncoding.EncodeToString([]byte(canary))[:len(canary)]} {
			if at := strings.Index(text, form); at >= 0 {
				a.t.Errorf("%s is in %s: …%s…", what, where, text[max(0, at-60):min(len(text), at+60)])
			}
		}
	}
}

// TestSecretsShowNowhere gives secrets to the server in every way and looks for them in its answers, logs, tasks, database
// and backups.
func TestSecretsShowNowhere(t *testing.T) {
	t.Parallel()
	slapd := testenv.Slapd(t, testenv.WithLDIF(serviceEntries(3)))
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		a := &aviary{t: t, canaries: map[string]string{
			slapd.BindPassword: "the password of a source", "canary-of-bootstrap-0815": "the first client's secret", s.Admin.Token: "an access token",
		}}
		a.configure(s, slapd)
		a.credentials(s)
		a.look("the log", s.Log.String())
		if !strings.Contains(s.Log.String(), "DEBUG") && !strings.Contains(s.Log.String(), "INFO") {
			t.Error("the log is empty")
		}
		a.database(s)
		s.Stop()
		a.database(s)
	}, func(c *config.Config) {
		c.BootstrapClientID, c.BootstrapClientSecret = "admin", "canary-of-bootstrap-0815"
	})
}

// configure takes a source with a secret through everything that can be done with it.
func (a *aviary) configure(s *apptest.Server, slapd *testenv.SlapdServer) {
	t := a.t
	t.Helper()
	d := newDirectory(t, s, slapd, slapd.Port, nil)
	path := "/sources/v1/" + d.source
	hear := func(answers ...apptest.Answer) {
		t.Helper()
		for _, answer := range answers {
			a.look("the answer to "+answer.Request, answer.Text)
		}
	}
	secret := "canary-of-a-patch-4711"
	a.canaries[secret] = "the patched password"
	hear(
		s.Admin.Get(t, path), s.Admin.Get(t, "/sources/v1"), s.Admin.Get(t, "/v3/sources/"+d.source),
		s.Admin.Patch(t, path, patch("replace", "/connectorAttributes/password", secret)),
		s.Admin.Patch(t, path, apptest.JSON([]any{obj{"op": "test", "path": "/connectorAttributes/password", "value": secret}})),
		s.Admin.Patch(t, path, patch("add", "/connectorAttributes/password", []string{secret})),
		s.Admin.Patch(t, path, patch("add", "/connectorAttributes/password", obj{"a": secret})),
		s.Admin.Patch(t, path, apptest.JSON([]any{obj{"op": "copy", "from": "/connectorAttributes/password", "path": "/description"}})),
		s.Admin.Get(t, path),
		s.Admin.Post(t, path+"/connector/check-connection", ""), s.Admin.Post(t, path+"/connector/peek-resource-objects", `{}`),
	)
	wrong := d.load(t).Want(t, "ERROR")
	a.look("a task", fmt.Sprint(wrong.Row))
	body := s.Admin.Get(t, path).Body.(obj)
	body["connectorAttributes"].(obj)["password"] = slapd.BindPassword
	hear(s.Admin.Put(t, path, apptest.JSON(body)).Want(t, http.StatusOK))
	a.look("a task", fmt.Sprint(d.load(t).Want(t, "SUCCESS").Row))
	hear(s.Admin.Get(t, path), s.Admin.Get(t, "/task-status/v1"), s.Admin.Get(t, "/accounts/v1"))
	for name, factory := range builtin.Connectors() {
		for _, field := range factory.Spec().Fields {
			if field.Secret && (name != "openldap" && name != "ldap" || field.Name != "password") {
				t.Errorf("the secret %s of %s is not part of this test", field.Name, name)
			}
		}
	}
}

// credentials makes secrets that the server shows once.
func (a *aviary) credentials(s *apptest.Server) {
	t := a.t
	t.Helper()
	token := s.Admin.Post(t, "/v2025/personal-access-tokens", `{"name":"canary"}`).Want(t, http.StatusOK)
	client := s.Admin.Post(t, "/v2025/oauth-clients", apptest.JSON(obj{
		"name": "canary", "description": nil, "accessTokenValiditySeconds": 750, "grantTypes": []string{"CLIENT_CREDENTIALS"}, "accessType": "OFFLINE", "enabled": true,
	})).Want(t, http.StatusOK)
	a.canaries[token.Field("secret").(string)] = "the secret of a personal access token"
	a.canaries[client.Field("secret").(string)] = "the secret of a client"
	for _, path := range []string{"/v2025/personal-access-tokens", "/v2025/oauth-clients", "/v2025/oauth-clients/" + client.ID(t)} {
		a.look(path, s.Admin.Get(t, path).Want(t, http.StatusOK).Text)
	}
}

// database looks at every byte that is kept.
func (a *aviary) database(s *apptest.Server) {
	a.t.Helper()
	if s.Config.Database != "" {
		a.tables(s.Config.Database)
		return
	}
	backup := filepath.Join(a.t.TempDir(), "backup")
	if err := app.Backup(a.t.Context(), s.Config, backup); err != nil {
		a.t.Fatal(err)
	}
	a.file(backup)
	files := 0
	err := filepath.WalkDir(s.Config.Data, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			files++
			a.file(path)
		}
		return err
	})
	if err != nil || files < 2 {
		a.t.Errorf("looked at %d files (%v)", files, err)
	}
}

func (a *aviary) file(path string) {
	a.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		a.t.Fatal(err)
	}
	if strings.HasSuffix(path, "midgard.db") && !bytes.Contains(data, []byte("Directory")) && len(data) > 1<<20 {
		a.t.Errorf("%s does not hold what it should", path)
	}
	a.look(filepath.Base(path), string(data))
}

// tables looks at every row of a PostgreSQL database.
func (a *aviary) tables(dsn string) {
	a.t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		a.t.Fatal(err)
	}
	defer db.Close()
	names := column(a.t, db, "select table_name from information_schema.tables where table_schema = 'public'")
	if !slices.Contains(names, "change") || !slices.Contains(names, "source") {
		a.t.Fatalf("the tables are %q", names)
	}
	for _, name := range names {
		a.look("the table "+name, strings.Join(column(a.t, db, "select x::text from "+name+" x"), "\n"))
	}
}

func column(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var texts []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}
