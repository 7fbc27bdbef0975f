package delimited_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/connector"
	"midgard/internal/connector/connectortest"
	"midgard/internal/connector/delimited"
)

// TestList_encodings reads one small table, kept as a file in each encoding.
func TestList_encodings(t *testing.T) {
	t.Parallel()
	for file, encoding := range map[string]string{
		"utf-8.csv": "", "utf-8-bom.csv": "UTF-8", "utf-16le.csv": "UTF-16", "utf-16be.csv": "utf16",
		"latin1.csv": "ISO-8859-1", "windows-1252.csv": "windows-1252",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			content, err := os.ReadFile("testdata/" + file)
			if err != nil {
				t.Fatal(err)
			}
			got := upload(t, attributes{"fileEncoding": encoding}, bytes.NewReader(content))
			if got.err != nil || !got.result.Complete {
				t.Fatalf("error %v, complete %v, failures %v", got.err, got.result.Complete, got.recorder.Messages())
			}
			want := []connector.Object{account("1", "Jürgen Groß", attributes{}), account("2", "Zoë", attributes{})}
			if diff := cmp.Diff(want, got.recorder.Objects); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestList_markWinsOverSetting(t *testing.T) {
	t.Parallel()
	got := upload(t, attributes{"fileEncoding": "ISO-8859-1"}, strings.NewReader("\ufeffid,name\n1,Zoë\n"))
	if object, _ := got.recorder.Object("1"); got.err != nil || object.Name != "Zoë" {
		t.Errorf("error %v, name %q", got.err, object.Name)
	}
}

// TestList_windows1252 uses the characters that ISO-8859-1 does not have.
func TestList_windows1252(t *testing.T) {
	t.Parallel()
	got := upload(t, attributes{"fileEncoding": "cp1252"}, strings.NewReader("id,name\n1,\x80 \x96 \x9f\n"))
	if object, _ := got.recorder.Object("1"); got.err != nil || object.Name != "€ – Ÿ" {
		t.Errorf("error %v, name %q", got.err, object.Name)
	}
}

func TestList_brokenUTF16(t *testing.T) {
	t.Parallel()
	units := append([]uint16{0xFEFF}, utf16.Encode([]rune("id,name\n1,A"))...)
	units = append(units, 0xD800) // half a pair
	units = append(units, utf16.Encode([]rune("\n2,B\n"))...)
	var file bytes.Buffer
	for _, unit := range units {
		file.Write([]byte{byte(unit), byte(unit >> 8)})
	}
	got := upload(t, nil, &file)
	if got.err != nil || got.result.Complete {
		t.Fatalf("error %v, complete %v", got.err, got.result.Complete)
	}
	if diff := cmp.Diff([]string{`row 2: column "name" is not valid UTF-16`}, got.recorder.Messages()); diff != "" {
		t.Error(diff)
	}
}

// TestList_largerThanTheLook makes sure that nothing is lost where the look at the head of a file ends, in the middle of
// characters of two and four bytes.
func TestList_largerThanTheLook(t *testing.T) {
	t.Parallel()
	const rows = 15_000
	for _, name := range []string{"ü", "𝄞", "xü"} {
		got := upload(t, nil, strings.NewReader("id,name\n"+strings.Repeat("1,"+name+"\n", rows)))
		if got.err != nil || !got.result.Complete || len(got.recorder.Objects) != rows {
			t.Fatalf("%s: error %v, complete %v, %d objects", name, got.err, got.result.Complete, len(got.recorder.Objects))
		}
		for _, object := range got.recorder.Objects {
			if object.Name != name {
				t.Fatalf("%s became %q", name, object.Name)
			}
		}
	}
}

// FuzzList throws any bytes at every setting that changes how they are read: whatever comes out has an identity and
// clean text, and a list that reported something is not complete.
func FuzzList(f *testing.F) {
	f.Add([]byte("id,name,groups\n1,a,b\n1,\"c\n"), true, false)
	f.Add([]byte("\xff\xfei\x00d\x00\n\x001\x00"), false, true)
	f.Fuzz(func(t *testing.T, file []byte, merge, latin bool) {
		config := attributes{"mergeRows": merge, "multiValueDelimiter": ";"}
		if latin {
			config["fileEncoding"] = "ISO-8859-1"
		}
		source, err := delimited.New().Open(connector.Config{Attributes: config})
		if err != nil {
			t.Fatal(err)
		}
		recorder := &connectortest.Recorder{}
		request := connector.ListRequest{Type: connector.TypeAccount, Schema: schema, Input: bytes.NewReader(file)}
		result, err := source.List(context.Background(), request, recorder)
		if result.Complete && (err != nil || len(recorder.Failures) > 0) {
			t.Errorf("complete in spite of %v, %v", err, recorder.Messages())
		}
		for _, object := range recorder.Objects {
			if object.Identity == "" || strings.ContainsRune(object.Identity+object.Name, 0) {
				t.Errorf("object %#v", object)
			}
		}
	})
}
