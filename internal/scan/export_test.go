package scan

var (
	Family    = family
	Successor = successor
)
