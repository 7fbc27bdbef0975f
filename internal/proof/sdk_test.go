//go:build unix

package proof_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
	"midgard/internal/contract"
	"midgard/internal/contract/contracttest"
	"midgard/internal/testenv"
)

// sdkReport is what the program in the folder sdk writes.
type sdkReport struct {
	// Methods is everything that the SDK can ask for.
	Methods []sdkMethod
	// Answers are those to the calls that the program made, in their order.
	Answers []sdkAnswer
	// Failures are the program's own findings.
	Failures []string
}

type sdkMethod struct{ Call, Release, Method, Path string }

type sdkAnswer struct {
	Call, Method, URL string
	Status            int
	Headers           map[string]any
	Body              string
}

// TestPublishedSDK runs the SDK that clients use, unchanged, against the server. A program calls it and looks at what it
// gives; that the program left nothing out, and that every answer was as the contract says, is seen to here.
func TestPublishedSDK(t *testing.T) {
	t.Parallel()
	run := testenv.NodeProgram(t, "sdk")
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		report := runSDK(t, run, sdkWorld(t, s))
		for _, failure := range report.Failures {
			t.Error(failure)
		}
		checkSDKAnswers(t, report.Answers)
		checkSDKCoverage(t, report)
	})
}

func runSDK(t *testing.T, run func(file string, args ...string) (string, error), world map[string]any) sdkReport {
	t.Helper()
	settings, result := filepath.Join(t.TempDir(), "world.json"), filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(settings, []byte(apptest.JSON(world)), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := run("main.js", settings, result); err != nil {
		t.Fatalf("the program did not get to its end: %v\n%s", err, output)
	}
	text, err := os.ReadFile(result)
	if err != nil {
		t.Fatal(err)
	}
	var report sdkReport
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	return report
}

// robots are accounts of machines.
const robots = `id,name,groups
r1,backup,operators;backup
r2,deploy,operators
r3,mail,
r4,report,
r5,sync,
`

// sdkWorld makes what the program cannot make with the SDK, and what it needs in order to sign in.
func sdkWorld(t *testing.T, s *apptest.Server) map[string]any {
	t.Helper()
	source := s.CreateSource(t, "Robots", nil)
	s.SetSchema(t, source, "id", "id", "name", "groups")
	s.AllMachines(t, source)
	task := s.Load(t, source, robots).Want(t, "SUCCESS")
	goner := s.Admin.List(t, "/machine-accounts/v1", "filters", `nativeIdentity eq "r5"`)[0].Text("id")
	s.Admin.Post(t, "/account-requests/v1/account/"+goner+"/delete", "").Want(t, http.StatusAccepted) // waits for an approval
	made := s.Admin.Post(t, "/midgard/v1/personal-access-tokens", apptest.JSON(map[string]any{"name": "SDK", "ownerId": s.Admin.ID})).Want(t, http.StatusOK)
	return map[string]any{
		"url": s.URL, "clientId": made.ID(t), "clientSecret": made.Field("secret"), "admin": s.Admin.ID, "person": s.Person(t, "bob"),
		"leavers": map[string]string{"v2024": s.Person(t, "lars"), "beta": s.Person(t, "mona")},
		"source":  source, "task": task.Text("id"), "accounts": strings.Count(robots, "\n") - 1, "directory": sdkDirectory(t, s),
		"goner": goner,
	}
}

// sdkDirectory makes a source whose accounts can be acted on, one for each release of the SDK, and gives its id.
func sdkDirectory(t *testing.T, s *apptest.Server) string {
	t.Helper()
	const base = "ou=services,dc=example,dc=test"
	entries := "dn: " + base + "\nobjectClass: organizationalUnit\nou: services\n\n"
	for _, uid := range []string{"v2024", "v3", "beta"} {
		entries += "dn: uid=" + uid + "," + base + "\nobjectClass: account\nobjectClass: simpleSecurityObject\nuid: " + uid + "\nuserPassword: secret\n\n"
	}
	slapd := testenv.Slapd(t, testenv.WithLDIF(entries))
	id := s.CreateSource(t, "Directory", map[string]any{"connector": "openldap", "connectorAttributes": map[string]any{
		"host": slapd.Host, "port": slapd.Port, "user": slapd.RootDN, "password": slapd.RootPassword, "searchDN": base,
	}})
	run := s.Admin.Post(t, "/sources/v1/"+id+"/load-accounts", "").Want(t, http.StatusAccepted)
	s.Wait(t, run.Field("task.id").(string)).Want(t, "SUCCESS")
	return id
}

// checkSDKAnswers holds every answer against the contract.
func checkSDKAnswers(t *testing.T, answers []sdkAnswer) {
	t.Helper()
	valid := contracttest.Validator(t)
	for _, a := range answers {
		request, err := http.NewRequest(a.Method, a.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		header := http.Header{}
		for name, value := range a.Headers {
			if text, ok := value.(string); ok {
				header.Set(name, text)
			}
		}
		if a.Status >= http.StatusInternalServerError { // the SDK may have tried again and hidden it
			t.Errorf("%s: answered %d\n%.1000s", a.Call, a.Status, a.Body)
		}
		if err := valid(request, a.Status, header, []byte(a.Body)); err != nil {
			t.Errorf("%s: %v\n%.1000s", a.Call, err, a.Body)
		}
	}
}

// checkSDKCoverage demands a success from every method of the SDK whose request is an operation of the contract, and that
// a method named like an operation is one: another path would be a difference between the SDK and the server.
func checkSDKCoverage(t *testing.T, report sdkReport) {
	t.Helper()
	methods := map[string]sdkMethod{}
	named := map[string]sdkMethod{}
	for _, m := range report.Methods {
		if m.Method == "" || m.Path == "" {
			t.Errorf("the request of %s is unknown", m.Call)
		}
		methods[requestForm(m.Method, "/"+m.Release+m.Path)] = m
		_, name, _ := strings.Cut(m.Call, ".")
		named[m.Release+" "+name] = m
	}
	succeeded := sdkSuccesses(report.Answers)
	covered := map[string]int{}
	for _, op := range contract.Operations() {
		form := requestForm(op.Method, op.Path)
		m, exists := methods[form]
		if other, same := named[op.Version+" "+op.ID]; same && !exists {
			t.Errorf("%s: %s asks for %s %s", op.Pattern(), other.Call, other.Method, other.Path)
		}
		if !exists {
			continue
		}
		if !succeeded[sdkSuccess{m.Call, op.Success}] {
			t.Errorf("%s was not called with success, which is %d of %s", m.Call, op.Success, op.Pattern())
		}
		covered[op.Version]++
	}
	t.Logf("methods of the SDK by release: %v", covered)
	if len(covered) != 3 {
		t.Errorf("the SDK has classes for three releases, found are %v", covered)
	}
}

// sdkSuccess is a method and a status that it got.
type sdkSuccess struct {
	call   string
	status int
}

func sdkSuccesses(answers []sdkAnswer) map[sdkSuccess]bool {
	set := map[sdkSuccess]bool{}
	for _, a := range answers {
		set[sdkSuccess{a.Call, a.Status}] = true
	}
	return set
}

// sdkParameter is a parameter of a path as the SDK or the contract names it, with dashes or without.
var sdkParameter = regexp.MustCompile(`\{[^}]*\}`)

// requestForm is a request without the names of its parameters, which differ.
func requestForm(method, path string) string {
	return method + " " + sdkParameter.ReplaceAllString(path, "{}")
}

// TestSDKLock keeps the lock free of addresses: every user fetches from where their machine is told to.
func TestSDKLock(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("sdk", "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	var lock struct{ Packages map[string]map[string]any }
	if err := json.Unmarshal(text, &lock); err != nil {
		t.Fatal(err)
	}
	if len(lock.Packages) < 2 {
		t.Error("the lock names no packages")
	}
	for name, p := range lock.Packages {
		if name != "" && (p["resolved"] != nil || p["integrity"] == nil) {
			t.Errorf("%s: resolved %v, integrity %v", name, p["resolved"], p["integrity"])
		}
	}
}
