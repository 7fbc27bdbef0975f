// Package secret encrypts what the server must be able to read again but nobody else should: the passwords and keys
// with which it signs in to sources. Secrets that only need comparing are hashed elsewhere and never come here.
//
// Values are sealed with AES-256-GCM under a key of a keyset file, and bound to the place they belong to: a value that
// somebody copies to another object or field of the database cannot be opened there.
//
// # The keyset file
//
// The file holds the keys in clear text and is protected by its permissions alone (0600; others are refused). It keeps
// the secrets safe in a stolen database or backup, not from whoever can read the files of the server's account. Keep
// a copy of it apart from the backups of the database.
//
// Losing the file means losing the sealed values and nothing else: every source has to be given its credentials anew,
// all other data is untouched. Nothing and nobody can recover them. A server that finds no file makes a new one, with
// which older values fail to open with ErrUnreadable. A leaked file calls for Rotate, for sealing all values again and,
// since the old ones may have been read, for new credentials at the sources.
package secret
