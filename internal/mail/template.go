package mail

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"text/template"

	"midgard/internal/governance"
)

//go:embed templates/*.txt
var builtin embed.FS

// kinds are the e-mails that there are; each has a template of its name.
var kinds = []string{governance.MailAssigned, governance.MailReminder, governance.MailEnded}

// Letter is what a template sees. Approval has everything that is known of it, and nothing secret: there is nothing secret
// in approvals.
type Letter struct {
	Kind         string
	Recipient    governance.Contact
	Approval     governance.GenericApproval
	Link         string // to the approval
	Organization string
}

// readTemplates reads the template of every kind: the file KIND.txt of the folder where it is there, else that of the
// program. Each is tried once, so that a mistake shows when the server starts.
func readTemplates(folder string) (map[string]*template.Template, error) {
	all := map[string]*template.Template{}
	for _, kind := range kinds {
		name, text, err := readTemplate(folder, kind+".txt")
		if err != nil {
			return nil, fmt.Errorf("read the template of e-mails: %w", err)
		}
		if all[kind], err = template.New(name).Option("missingkey=error").Parse(text); err != nil {
			return nil, fmt.Errorf("parse the template of e-mails: %w", err)
		}
		if _, _, err := render(all[kind], &Letter{Kind: kind}); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func readTemplate(folder, file string) (name, text string, err error) {
	if folder != "" {
		data, err := fs.ReadFile(os.DirFS(folder), file)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return folder + "/" + file, string(data), err
		}
	}
	data, err := builtin.ReadFile("templates/" + file)
	return file, string(data), err
}

// maxLetter bounds an e-mail in bytes.
const maxLetter = 1 << 20

// render makes the subject and the text of an e-mail. The first line of the template's output is "Subject:" and the subject,
// the second is empty.
func render(t *template.Template, l *Letter) (subject, text string, err error) {
	var out bytes.Buffer
	if err := t.Execute(&out, l); err != nil {
		return "", "", fmt.Errorf("fill in the template of e-mails: %w", err)
	}
	if out.Len() > maxLetter {
		return "", "", fmt.Errorf("the template %s makes an e-mail of more than %d bytes", t.Name(), maxLetter)
	}
	head, text, _ := strings.Cut(strings.ReplaceAll(out.String(), "\r\n", "\n"), "\n\n")
	subject, found := strings.CutPrefix(head, "Subject:")
	if !found {
		return "", "", fmt.Errorf("the template %s does not begin with a line \"Subject: …\" and an empty one", t.Name())
	}
	// a name may have line ends in it, which a header must not
	return strings.Join(strings.Fields(subject), " "), text, nil
}
