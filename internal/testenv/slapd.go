//go:build unix

package testenv

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const (
	slapdBase           = "dc=example,dc=test"
	slapdRoot           = "cn=admin,dc=example,dc=test"
	slapdRootPassword   = "root-secret"
	slapdReader         = "cn=reader,ou=system,dc=example,dc=test"
	slapdReaderPassword = "reader-secret"
	slapdWriter         = "cn=writer,ou=system,dc=example,dc=test"
	slapdWriterPassword = "writer-secret"
	slapdPackages       = "slapd"
	slapdClientPackages = "ldap-utils"
)

// SlapdServer is a running OpenLDAP directory. Below its base it has ou=system with the reading account, the writing
// account and a password policy, and what the options loaded. The policy locks an account after three wrong passwords and
// refuses passwords of less than eight characters and the last three; it concerns neither of the two accounts.
type SlapdServer struct {
	URL          string // ldap://, with StartTLS on offer
	TLSURL       string // ldaps://
	Host         string // 127.0.0.1
	Port         int    // of URL
	TLSPort      int    // of TLSURL
	BaseDN       string
	BindDN       string // the account that reads; it cannot write
	BindPassword string
	RootDN       string
	RootPassword string
	// WriterDN may change everything, as an account of its own and not, like the root, above policies and schemas.
	WriterDN       string
	WriterPassword string
	CAFile         string // PEM of the authority that signed the server's certificate
	CAPEM          string // the content of CAFile

	t       testing.TB
	dir     string
	program string
	process *process
}

// Slapd starts a directory with the memberof, syncprov and ppolicy overlays, reachable by plain LDAP, StartTLS and LDAPS.
func Slapd(t testing.TB, options ...SlapdOption) *SlapdServer {
	t.Helper()
	setup := slapdSetup{memberOf: true, syncprov: true, sizeLimit: "size=unlimited", sessionLog: 10_000}
	for _, option := range options {
		option(&setup)
	}
	s, err := prepareSlapd(t.TempDir(), setup)
	if err != nil {
		t.Fatalf("start slapd: %v", err)
	}
	s.t = t
	if err := s.startAnywhere(); err != nil {
		t.Fatalf("start slapd: %v", err)
	}
	t.Cleanup(func() { s.process.stop(syscall.SIGTERM) })
	return s
}

// Start starts the stopped server again at its old address, with its data.
func (s *SlapdServer) Start() {
	s.t.Helper()
	if err := s.start(); err != nil {
		s.t.Fatalf("start slapd: %v", err)
	}
}

// Stop ends the server in an orderly way. It forgets its session log, which it holds in memory.
func (s *SlapdServer) Stop() {
	s.t.Helper()
	s.process.stop(syscall.SIGTERM)
}

// Restart stops and starts the server.
func (s *SlapdServer) Restart() {
	s.t.Helper()
	s.Stop()
	s.Start()
}

// Add adds the entries of the LDIF text as the root account.
func (s *SlapdServer) Add(ldif string) {
	s.t.Helper()
	s.client(ldif, "ldapmodify", "-a")
}

// Modify applies the change records of the LDIF text as the root account. The relax control is on, so that operational
// attributes such as pwdAccountLockedTime can be set.
func (s *SlapdServer) Modify(ldif string) {
	s.t.Helper()
	s.client(ldif, "ldapmodify", "-e", "relax")
}

// Delete removes the entries as the root account.
func (s *SlapdServer) Delete(dns ...string) {
	s.t.Helper()
	s.client(strings.Join(dns, "\n")+"\n", "ldapdelete")
}

// client runs one of the LDAP command line tools with the text as its input.
func (s *SlapdServer) client(input, name string, args ...string) {
	s.t.Helper()
	path, err := program(name, slapdClientPackages)
	if err != nil {
		s.t.Fatal(err)
	}
	args = append([]string{"-x", "-H", s.URL, "-D", s.RootDN, "-w", s.RootPassword}, args...)
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "LDAPNOINIT=1")
	cmd.Stdin = strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// prepareSlapd writes the configuration and loads the first entries.
func prepareSlapd(dir string, setup slapdSetup) (*SlapdServer, error) {
	slapd, slapdErr := program("slapd", slapdPackages, "/usr/sbin/slapd", "/usr/libexec/slapd", "/usr/lib/openldap/slapd")
	slapadd, slapaddErr := program("slapadd", slapdPackages, "/usr/sbin/slapadd", "/usr/local/sbin/slapadd")
	schemas, schemaErr := folderWith("core.schema", "/etc/ldap/schema", "/etc/openldap/schema", "/usr/local/etc/openldap/schema")
	modules, moduleErr := folderWith("back_mdb*.so*", "/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap", "/usr/libexec/openldap")
	if err := errors.Join(slapdErr, slapaddErr, schemaErr, moduleErr); err != nil {
		return nil, err
	}
	certs, err := makeCertificate(dir)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(dir, "db"), 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "slapd.conf"), []byte(setup.config(dir, schemas, modules, certs)), 0o600); err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(certs.ca)
	if err != nil {
		return nil, err
	}
	s := &SlapdServer{
		Host: "127.0.0.1", BaseDN: slapdBase, BindDN: slapdReader, BindPassword: slapdReaderPassword,
		RootDN: slapdRoot, RootPassword: slapdRootPassword, WriterDN: slapdWriter, WriterPassword: slapdWriterPassword,
		CAFile: certs.ca, CAPEM: string(ca), dir: dir, program: slapd,
	}
	return s, s.load(slapadd, slapdSeed+strings.Join(setup.ldif, "\n"))
}

// folderWith returns the first folder that holds a file of that name pattern.
func folderWith(pattern string, folders ...string) (string, error) {
	for _, folder := range folders {
		if found, err := filepath.Glob(filepath.Join(folder, pattern)); err == nil && len(found) > 0 {
			return folder, nil
		}
	}
	return "", missingError{pattern, slapdPackages}
}

func (s *SlapdServer) load(slapadd, ldif string) error {
	// Not "slapadd -q" over stdin: it reads its input from a file only.
	input := filepath.Join(s.dir, "seed.ldif")
	if err := os.WriteFile(input, []byte(ldif), 0o600); err != nil {
		return err
	}
	cmd := exec.Command(slapadd, "-q", "-w", "-f", filepath.Join(s.dir, "slapd.conf"), "-l", input)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("slapadd: %w\n%s", err, out)
	}
	return nil
}

// startAnywhere starts the server on free ports; one that somebody took in between is the reason to try again.
func (s *SlapdServer) startAnywhere() error {
	var last error
	for range 3 {
		var err error
		if s.Port, err = freePort(); err != nil {
			return err
		}
		if s.TLSPort, err = freePort(); err != nil {
			return err
		}
		s.URL, s.TLSURL = "ldap://"+s.address(s.Port), "ldaps://"+s.address(s.TLSPort)
		if last = s.start(); last == nil {
			return nil
		}
	}
	return last
}

func (s *SlapdServer) start() error {
	p, err := startProcess(command{
		path: s.program, dir: s.dir, logPath: filepath.Join(s.dir, "slapd.log"), deathSig: syscall.SIGKILL,
		args: []string{"-f", filepath.Join(s.dir, "slapd.conf"), "-h", s.URL + " " + s.TLSURL, "-d", "0"},
	})
	if err != nil {
		return err
	}
	s.process = p
	return waitReady(p, func() bool { return listens(s.address(s.Port)) && listens(s.address(s.TLSPort)) })
}

func (s *SlapdServer) address(port int) string { return s.Host + ":" + strconv.Itoa(port) }
