//go:build unix

package app_test

import (
	"compress/gzip"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
	"midgard/internal/config"
)

// TestBadUploads sends files that cannot be read, or not to their end. What the source had before stays.
func TestBadUploads(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		source := s.CreateSource(t, "Uploads", nil)
		s.SetSchema(t, source, "id", "id", "name", "description")
		s.AllMachines(t, source)
		const good = "id,name,description\na,Alpha,first\nb,Beta,second\nc,Gamma,third\n"
		s.Load(t, source, good).Want(t, "SUCCESS")
		var zipped strings.Builder
		z := gzip.NewWriter(&zipped)
		z.Write([]byte(good)) //nolint:errcheck // into memory
		z.Close()             //nolint:errcheck // into memory
		for name, test := range map[string]struct{ file, status, message string }{
			"cut off in a quoted value": {"id,name,description\na,Alpha,first\nb,\"Be", "ERROR", "never closed"},
			"binary":                    {"\x7fELF\x02\x01\x01\x00\x00\x00\x00\xff\xfe", "ERROR", "could not be read"},
			"gzip":                      {zipped.String(), "ERROR", "could not be read"},
			"no identity column":        {"name,description\nAlpha,first\n", "ERROR", `"id"`},
			"header alone":              {"id,name,description\n", "ERROR", "Nothing was removed"},
			"the same column twice":     {"id,name,name\na,b,c\n", "ERROR", `"name" twice`},
			"unnamed column":            {"id,,name\na,b,c\n", "ERROR", "no name for column 2"},
			"carriage returns alone":    {"id,name,description\ra,Alpha,first\r", "ERROR", "control character"},
			"other delimiter":           {"id;name;description\na;Alpha;first\n", "ERROR", `"id"`},
			"a row that never ends":     {"id,name,description\n\"" + strings.Repeat("x", 2<<20), "ERROR", "longer than"},
			"ragged row":                {"id,name,description\na,Alpha,first\nb,Beta\nc,Gamma,third\n", "WARNING", "row 3: has 2 columns"},
			"bad UTF-8":                 {"id,name,description\na,Alpha,first\nb,B\xffta,second\nc,Gamma,third\n", "WARNING", "row 3"},
			"NUL":                       {"id,name,description\na,Alpha,first\nb,B\x00ta,second\nc,Gamma,third\n", "ERROR", "not a text file"},
			"no identity":               {"id,name,description\na,Alpha,first\n,Beta,second\nc,Gamma,third\n", "WARNING", "row 3"},
			"an over-long identity":     {good + strings.Repeat("ä", 2049) + ",Long,x\n", "WARNING", "2049 characters; at most 2048"},
			"a stray quotation mark":    {"id,name,description\na,Alpha,first\nb,Be\"ta,second\nc,Gamma,third\n", "WARNING", "row 3"},
		} {
			task := s.Load(t, source, test.file).Want(t, test.status)
			if messages := strings.Join(task.Messages(), "\n"); !strings.Contains(messages, test.message) {
				t.Errorf("%s: the messages are %q, want %q", name, messages, test.message)
			}
			rows := s.Admin.List(t, accountsPath, "sorters", "nativeIdentity")
			if got := strings.Join(apptest.Texts(rows, "name"), " "); got != "Alpha Beta Gamma" {
				t.Errorf("%s: the accounts are %q", name, got)
			}
		}
		long := strings.Repeat("ö", 3000)
		s.Load(t, source, "id,name,description\na,"+long+","+long+"\nb,Beta,second\nc,Gamma,third\n").Want(t, "SUCCESS")
		row := s.Admin.List(t, accountsPath, "filters", `nativeIdentity eq "a"`)[0]
		if len([]rune(row.Text("name"))) != 512 || len([]rune(row.Text("description"))) != 2000 || row.Text("connectorAttributes.description") != long {
			t.Errorf("long texts became %d, %d and %d bytes", len(row.Text("name")), len(row.Text("description")), len(row.Text("connectorAttributes.description")))
		}
		s.Admin.Patch(t, identitiesPath+"/"+row.Text("machineIdentity.id"), replaceOrAdd("uuid", "u")).Want(t, 200)
	})
}

// TestRefusedUploads sends forms that are refused before a run begins.
func TestRefusedUploads(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		path := "/sources/v1/" + s.CreateSource(t, "Uploads", nil) + "/load-accounts"
		file := apptest.Part{Name: "file", FileName: "a.csv", Content: "id,name\n1,x\n"}
		s.Admin.PostForm(t, path, apptest.Part{Name: "file", FileName: "a.csv"}).Refused(t, "400.1 Bad Request Content", "empty")
		s.Admin.PostForm(t, path, apptest.Part{Name: "file", FileName: "a.csv", Content: strings.Repeat("x", 3000)}).Refused(t, "400.1.4 Limit violation", "2000 bytes")
		s.Admin.PostForm(t, path, file, file).Refused(t, "400.1.3 Illegal value", "more than one part named 'file'")
		form := s.Admin.With("Content-Type", "multipart/form-data; boundary=x")
		form.Post(t, path, "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nid,name\n1,x").Refused(t, "400.1 Bad Request Content", "broke off")
		form.Post(t, path, "--x\r\nContent-Dispo").Refused(t, "400.1 Bad Request Content", "broke off")
		form.Post(t, path, "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nid,name\n1,x\r\n--x\r\nContent-").Refused(t, "400.1 Bad Request Content", "broke off")
		form.Post(t, path, "no form at all").Refused(t, "400.1 Bad Request Content", "broke off or is malformed")
		s.Admin.PostForm(t, "/sources/v1/"+unknownID+"/load-accounts", file).Refused(t, "404 Not found")
		if tasks := s.Admin.List(t, "/task-status/v1"); len(tasks) > 0 {
			t.Errorf("a refused upload has begun %v", tasks)
		}
		s.Admin.PostForm(t, path, apptest.Part{Name: "file", FileName: "a\x00.csv", Content: file.Content}).Refused(t, "400.1 Bad Request Content", "malformed")
		s.Admin.PostForm(t, path, apptest.Part{Name: "file", FileName: "\xff/../../x.csv", Content: file.Content}, apptest.Part{Name: "more", Content: "ignored"}).Want(t, 202)
	}, func(c *config.Config) { c.MaxUpload = 2000 })
}
