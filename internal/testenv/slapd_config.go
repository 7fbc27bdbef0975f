//go:build unix

package testenv

import (
	"fmt"
	"path/filepath"
	"strings"
)

// SlapdOption changes how Slapd sets a directory up.
type SlapdOption func(*slapdSetup)

type slapdSetup struct {
	memberOf   bool
	syncprov   bool
	sizeLimit  string
	sessionLog int
	ldif       []string
}

// WithLDIF loads entries before the server starts, fast and by no overlay: the members of groups loaded so get no memberOf.
func WithLDIF(ldif string) SlapdOption {
	return func(s *slapdSetup) { s.ldif = append(s.ldif, ldif) }
}

// WithoutMemberOf leaves the overlay out that keeps memberOf up to date.
func WithoutMemberOf() SlapdOption { return func(s *slapdSetup) { s.memberOf = false } }

// WithoutSyncprov leaves the overlay out that answers content synchronisation requests.
func WithoutSyncprov() SlapdOption { return func(s *slapdSetup) { s.syncprov = false } }

// WithSizeLimit lets the reading account have at most so many entries from one search; it has no limit otherwise.
func WithSizeLimit(entries int) SlapdOption {
	return func(s *slapdSetup) { s.sizeLimit = fmt.Sprintf("size=%d size.prtotal=%d", entries, entries) }
}

// WithSessionLog sets how many changes the server remembers for content synchronisation; 0 makes it remember none.
func WithSessionLog(changes int) SlapdOption { return func(s *slapdSetup) { s.sessionLog = changes } }

// config is the server's configuration file.
func (s *slapdSetup) config(dir, schemas, modules string, certs certificateFiles) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for _, name := range []string{"core", "cosine", "inetorgperson", "nis"} {
		line("include %s", filepath.Join(schemas, name+".schema"))
	}
	line("modulepath %s", modules)
	for _, name := range s.modules() {
		line("moduleload %s", name)
	}
	line("pidfile %s", filepath.Join(dir, "pid"))
	line("TLSCACertificateFile %s\nTLSCertificateFile %s\nTLSCertificateKeyFile %s", certs.ca, certs.cert, certs.key)
	line("database mdb\nsuffix %q\nrootdn %q\nrootpw %s", slapdBase, slapdRoot, slapdRootPassword)
	line("directory %s\nmaxsize 1073741824\ndbnosync", filepath.Join(dir, "db"))
	line("index objectClass,entryCSN,entryUUID,uid,cn,member,uniqueMember,memberUid,modifyTimestamp eq")
	line("access to attrs=userPassword by dn.exact=%[1]q write by self write by anonymous auth by * none\n"+
		"access to * by dn.exact=%[1]q write by users read by anonymous auth", slapdWriter)
	line("limits dn.exact=%q %s time=unlimited", slapdReader, s.sizeLimit)
	line("limits dn.exact=%q size=unlimited time=unlimited", slapdWriter)
	if s.syncprov {
		line("overlay syncprov")
		if s.sessionLog > 0 {
			line("syncprov-sessionlog %d", s.sessionLog)
		}
	}
	if s.memberOf {
		line("overlay memberof\nmemberof-refint TRUE")
	}
	line("overlay ppolicy\nppolicy_default %q", "cn=default,ou=system,"+slapdBase)
	return b.String()
}

func (s *slapdSetup) modules() []string {
	modules := []string{"back_mdb", "ppolicy"}
	if s.syncprov {
		modules = append(modules, "syncprov")
	}
	if s.memberOf {
		modules = append(modules, "memberof")
	}
	return modules
}

// slapdSeed is what every test directory holds: its root, a password policy, and the accounts that read and write, which a
// policy of its own never locks: tests try wrong passwords on them.
const slapdSeed = `dn: dc=example,dc=test
objectClass: organization
objectClass: dcObject
o: Example
dc: example

dn: ou=system,dc=example,dc=test
objectClass: organizationalUnit
ou: system

dn: cn=reader,ou=system,dc=example,dc=test
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: reader-secret
pwdPolicySubentry: cn=never,ou=system,dc=example,dc=test

dn: cn=writer,ou=system,dc=example,dc=test
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: writer
userPassword: writer-secret
pwdPolicySubentry: cn=never,ou=system,dc=example,dc=test

dn: cn=default,ou=system,dc=example,dc=test
objectClass: device
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 3
pwdFailureCountInterval: 600
pwdCheckQuality: 1
pwdMinLength: 8
pwdInHistory: 3

dn: cn=never,ou=system,dc=example,dc=test
objectClass: device
objectClass: pwdPolicy
cn: never
pwdAttribute: userPassword
pwdLockout: FALSE

`
