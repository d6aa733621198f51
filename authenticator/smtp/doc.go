// Package smtp delivers a factor's messages as e-mail. It is a module of its own,
// so that a host that sends otherwise has no mail library.
//
// [New] makes a [Sender] for one submission server (RFC 6409). The connection is
// encrypted and the server's certificate checked, or nothing is sent: neither a
// server without STARTTLS nor one with a certificate of another name learns the
// password or a code. The one exception is a server on this machine, and must be
// asked for.
//
// Each message has its own connection, and there is one try: the person waits, and
// can ask again.
package smtp
