// Package render writes a report in the formats people and other programs
// read: a table for the terminal, a web page, JSON, SARIF 2.1.0, CycloneDX 1.6,
// SPDX 2.3 and CSV.
//
// The same report and the same options give the same bytes: documents that must
// have an identity get one from their content, and those that must have a time
// get it from the options or from the image. What comes from an image is
// hostile: it can neither steer a terminal, nor run or load anything in a
// browser, nor start a formula in a spreadsheet, nor make a document invalid,
// whatever bytes it holds and however long it is.
//
// SPDX describes the software only; the other formats hold the findings too.
package render
