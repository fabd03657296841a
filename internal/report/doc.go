// Package report is the result model: what a layer contains (facts), what an
// image contains (merged facts), what is wrong with it (findings), and the
// report that carries all of it to a reader.
//
// The types are plain data. They marshal to JSON deterministically: the report
// of an unchanged image under unchanged knowledge is the same byte for byte,
// so slices are sorted by their producers and no field holds the time of a run.
//
// The package knows nothing of scanning, judging or storing; package render
// below it writes reports in the formats other programs read.
package report
