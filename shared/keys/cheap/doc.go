// Package cheap lets a guess at a password or a PIN cost next to nothing. Tests
// import it for that effect where the cost is not the point; nothing that ships
// may, which shared/architecture looks after. What it stores opens everywhere,
// since a hash and a wrapped key name their own cost.
package cheap
