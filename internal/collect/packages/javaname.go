package packages

import "strings"

// inferCoordinates guesses the Maven coordinates of an archive that has none.
// The artifact is the file's name without version and extension; the version
// comes from there or from the manifest; without one there is no guess.
func inferCoordinates(base string, manifest map[string]string) (coordinates, bool) {
	stem := base[:len(base)-len(lowerExt(base))]
	artifact, version := splitArtifact(stem)
	// Debian names some archives after a series: "snakeyaml-1.x.jar".
	if version == "" || strings.HasSuffix(version, ".x") {
		version = ""
		for _, key := range []string{"implementation-version", "bundle-version"} {
			if v := manifest[key]; startsWithDigit(v) && !strings.ContainsAny(v, " \t") {
				version = v
				break
			}
		}
	}
	if artifact == "" || version == "" || strings.ContainsAny(artifact, ": \t") {
		return coordinates{}, false
	}
	return coordinates{group: inferGroup(artifact, manifest), artifact: artifact, version: version}, true
}

// splitArtifact splits "log4j-1.2-api-2.17.1" into "log4j-1.2-api" and
// "2.17.1". It takes the first hyphen after which everything looks like a
// version; if there is none, the last version with something else behind it
// ("netty-all-4.1.0.Final-linux" has a classifier).
func splitArtifact(stem string) (artifact, version string) {
	for i := 1; i+1 < len(stem); i++ {
		if stem[i] != '-' || !startsWithDigit(stem[i+1:]) {
			continue
		}
		v := versionPrefix(stem[i+1:])
		if len(v) == len(stem)-i-1 {
			return stem[:i], v
		}
		artifact, version = stem[:i], v
		i += len(v)
	}
	if version == "" {
		return stem, ""
	}
	return artifact, version
}

// versionPrefix is the part of a text, up to a hyphen, that looks like a version.
func versionPrefix(s string) string {
	end := 0
	for end < len(s) {
		part, _, _ := strings.Cut(s[end:], "-")
		if end > 0 {
			part, _, _ = strings.Cut(s[end+1:], "-")
			if !startsWithDigit(part) && !isQualifier(strings.ToLower(part)) {
				break
			}
			end++
		}
		end += len(part)
	}
	return s[:end]
}

// isQualifier reports whether a word is one that versions end with.
func isQualifier(word string) bool {
	for _, q := range []string{
		"alpha", "beta", "rc", "cr", "snapshot", "final", "ga", "release", "sp", "jre", "jdk", "java", "android",
		"incubating", "pre", "redhat", "atlassian", "build", "milestone", "m", "b", "v", "r",
	} {
		rest, ok := strings.CutPrefix(word, q)
		if ok && (rest == "" || startsWithDigit(rest) || rest[0] == '.') {
			return true
		}
	}
	return false
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// inferGroup guesses a group: a well-known one, one the manifest implies, or
// the artifact itself, which was the convention before groups were named after
// domains, and is how advisories name those old packages ("log4j:log4j").
func inferGroup(artifact string, manifest map[string]string) string {
	if g := knownGroup(artifact); g != "" {
		return g
	}
	if g := manifest["implementation-vendor-id"]; isGroup(g) && g != "org.apache" {
		return g
	}
	for _, key := range []string{"bundle-symbolicname", "automatic-module-name"} {
		name, _, _ := strings.Cut(manifest[key], ";")
		if g := groupOfSymbolicName(strings.TrimSpace(name), artifact); isGroup(g) {
			return g
		}
	}
	return artifact
}

// groupOfSymbolicName undoes how Maven's bundle plugin makes a symbolic name:
// the group and the artifact, without what the artifact repeats of the group's
// last element (org.apache.commons and commons-io make org.apache.commons.io).
func groupOfSymbolicName(name, artifact string) string {
	if g, ok := strings.CutSuffix(name, "."+artifact); ok {
		return g
	}
	if name == artifact {
		i := strings.LastIndexByte(name, '.')
		return name[:max(i, 0)]
	}
	for i := range name {
		if name[i] != '.' {
			continue
		}
		group, rest := name[:i], name[i+1:]
		last := group[strings.LastIndexByte(group, '.')+1:]
		if artifact == last+"-"+strings.ReplaceAll(rest, ".", "-") || artifact == last+rest {
			return group
		}
	}
	return ""
}

func isGroup(g string) bool {
	if !strings.Contains(g, ".") {
		return false
	}
	for _, r := range g {
		if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_') {
			return false
		}
	}
	return true
}

// knownGroup knows the groups of libraries that are often found without
// coordinates, because their build is not Maven's or a distribution rebuilt them.
func knownGroup(artifact string) string {
	if g, ok := groups[artifact]; ok {
		return g
	}
	for _, p := range groupPrefixes {
		if strings.HasPrefix(artifact, p.prefix) {
			return p.group
		}
	}
	if strings.HasPrefix(artifact, "commons-") { // the old ones of Apache
		return artifact
	}
	return ""
}

var groups = map[string]string{
	"ant":                    "org.apache.ant",
	"antlr4-runtime":         "org.antlr",
	"asm":                    "org.ow2.asm",
	"axis":                   "org.apache.axis",
	"commons-collections4":   "org.apache.commons",
	"commons-compress":       "org.apache.commons",
	"commons-configuration2": "org.apache.commons",
	"commons-csv":            "org.apache.commons",
	"commons-dbcp2":          "org.apache.commons",
	"commons-email":          "org.apache.commons",
	"commons-lang3":          "org.apache.commons",
	"commons-math3":          "org.apache.commons",
	"commons-pool2":          "org.apache.commons",
	"commons-text":           "org.apache.commons",
	"commons-crypto":         "org.apache.commons",
	"commons-exec":           "org.apache.commons",
	"commons-imaging":        "org.apache.commons",
	"commons-jexl3":          "org.apache.commons",
	"commons-vfs2":           "org.apache.commons",
	"dom4j":                  "org.dom4j",
	"fastjson":               "com.alibaba",
	"fastjson2":              "com.alibaba.fastjson2",
	"freemarker":             "org.freemarker",
	"groovy":                 "org.codehaus.groovy",
	"groovy-all":             "org.codehaus.groovy",
	"gson":                   "com.google.code.gson",
	"guava":                  "com.google.guava",
	"h2":                     "com.h2database",
	"hsqldb":                 "org.hsqldb",
	"httpclient":             "org.apache.httpcomponents",
	"httpcore":               "org.apache.httpcomponents",
	"ivy":                    "org.apache.ivy",
	"jackson-annotations":    "com.fasterxml.jackson.core",
	"jackson-core":           "com.fasterxml.jackson.core",
	"jackson-databind":       "com.fasterxml.jackson.core",
	"jdom2":                  "org.jdom",
	"jettison":               "org.codehaus.jettison",
	"junit":                  "junit",
	"log4j":                  "log4j",
	"json":                   "org.json",
	"json-path":              "com.jayway.jsonpath",
	"json-smart":             "net.minidev",
	"jsoup":                  "org.jsoup",
	"logback-classic":        "ch.qos.logback",
	"logback-core":           "ch.qos.logback",
	"mariadb-java-client":    "org.mariadb.jdbc",
	"mchange-commons-java":   "com.mchange",
	"mysql-connector-j":      "com.mysql",
	"mysql-connector-java":   "mysql",
	"okhttp":                 "com.squareup.okhttp3",
	"okio":                   "com.squareup.okio",
	"poi":                    "org.apache.poi",
	"poi-ooxml":              "org.apache.poi",
	"postgresql":             "org.postgresql",
	"protobuf-java":          "com.google.protobuf",
	"slf4j-api":              "org.slf4j",
	"snakeyaml":              "org.yaml",
	"sqlite-jdbc":            "org.xerial",
	"snappy-java":            "org.xerial.snappy",
	"velocity":               "org.apache.velocity",
	"xercesImpl":             "xerces",
	"xmlsec":                 "org.apache.santuario",
	"xstream":                "com.thoughtworks.xstream",
	"zookeeper":              "org.apache.zookeeper",
}

// groupPrefixes is searched in order, the longer of two prefixes first.
var groupPrefixes = []struct{ prefix, group string }{
	{"spring-boot", "org.springframework.boot"},
	{"spring-cloud-", "org.springframework.cloud"},
	{"spring-data-", "org.springframework.data"},
	{"spring-security-", "org.springframework.security"},
	{"spring-", "org.springframework"},
	{"tomcat-embed-", "org.apache.tomcat.embed"},
	{"tomcat-", "org.apache.tomcat"},
	{"log4j-", "org.apache.logging.log4j"},
	{"jetty-", "org.eclipse.jetty"},
	{"netty-", "io.netty"},
	{"undertow-", "io.undertow"},
	{"bcprov-", "org.bouncycastle"},
	{"bcpkix-", "org.bouncycastle"},
	{"bctls-", "org.bouncycastle"},
	{"asm-", "org.ow2.asm"},
	{"guice-", "com.google.inject"},
	{"hadoop-", "org.apache.hadoop"},
	{"lucene-", "org.apache.lucene"},
	{"struts2-", "org.apache.struts"},
	{"shiro-", "org.apache.shiro"},
	{"kafka-", "org.apache.kafka"},
}
