package judge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/compliance"
	"github.com/pratique/pratique/internal/report"
)

// endOfLifeRuntime is the rule about runtimes, servers and frameworks.
const endOfLifeRuntime = "end-of-life-runtime"

// runtime is software whose makers say for how long they mend each release.
type runtime struct {
	// product is its name at endoflife.date, name that for people.
	product, name string
	severity      report.Severity
	// distribution matches the packages of distributions that are it, or nil.
	distribution *regexp.Regexp
	// packages are others, as TYPE:NAME.
	packages []string
	// variables are those in which official images tell its version.
	variables []string
}

// runtimes are those that images are made for, with the names that distributions,
// makers and official images give them.
var runtimes = []runtime{
	{"nodejs", "Node.js", report.Medium, regexp.MustCompile(`^nodejs([0-9]+|-current|-lts)?$`), []string{"bitnami:node"}, []string{"NODE_VERSION"}},
	{"python", "Python", report.Medium, regexp.MustCompile(`^python[23](\.?[0-9]+)?(-minimal)?$`), []string{"bitnami:python"}, []string{"PYTHON_VERSION"}},
	{"php", "PHP", report.Medium, regexp.MustCompile(`^php([0-9.]+)?-(cli|common|fpm)$`), []string{"bitnami:php"}, []string{"PHP_VERSION"}},
	{"ruby", "Ruby", report.Medium, regexp.MustCompile(`^ruby([0-9.]+)?$`), []string{"bitnami:ruby"}, []string{"RUBY_VERSION"}},
	{"eclipse-temurin", "Java", report.Medium, regexp.MustCompile(`^(openjdk-?[0-9]+-(jre|jdk)(-headless|-base)?|java-[0-9.]+-openjdk(-headless)?|temurin-[0-9]+-(jre|jdk)|zulu[0-9]+-.*|java-[0-9.]+-amazon-corretto.*|msopenjdk-[0-9]+)$`),
		[]string{"bitnami:java", "bitnami:jre", "bitnami:openjdk"}, []string{"JAVA_VERSION"}},
	{"dotnet", ".NET", report.Medium, regexp.MustCompile(`^(dotnet-(runtime|sdk|hostfxr)-[0-9.]+|aspnetcore-runtime-[0-9.]+)$`),
		[]string{"bitnami:dotnet", "bitnami:dotnet-sdk", "bitnami:aspnet-core", "nuget:Microsoft.NETCore.App"}, []string{"DOTNET_VERSION", "ASPNET_VERSION"}},
	{"go", "Go", report.Low, regexp.MustCompile(`^(golang-[0-9.]+-go|golang-bin)$`), []string{"golang:stdlib", "bitnami:go"}, []string{"GOLANG_VERSION"}},
	{"nginx", "nginx", report.Medium, regexp.MustCompile(`^nginx$`), []string{"bitnami:nginx"}, []string{"NGINX_VERSION"}},
	{"apache-http-server", "Apache httpd", report.Medium, regexp.MustCompile(`^(apache2|httpd)$`), []string{"bitnami:apache"}, []string{"HTTPD_VERSION"}},
	{"haproxy", "HAProxy", report.Medium, regexp.MustCompile(`^haproxy$`), []string{"bitnami:haproxy"}, []string{"HAPROXY_VERSION"}},
	{"postgresql", "PostgreSQL", report.Medium, regexp.MustCompile(`^(postgresql-[0-9.]+|postgresql[0-9]+-server)$`), []string{"bitnami:postgresql"}, []string{"PG_VERSION"}},
	{"mysql", "MySQL", report.Medium, regexp.MustCompile(`^mysql-(community-)?server(-[0-9.]+)?$`), []string{"bitnami:mysql"}, []string{"MYSQL_VERSION"}},
	{"mariadb", "MariaDB", report.Medium, regexp.MustCompile(`^(mariadb-server(-[0-9.]+)?|MariaDB-server)$`), []string{"bitnami:mariadb"}, []string{"MARIADB_VERSION"}},
	{"mongodb", "MongoDB", report.Medium, regexp.MustCompile(`^mongodb-(org|enterprise)-server$`), []string{"bitnami:mongodb"}, []string{"MONGO_VERSION"}},
	{"redis", "Redis", report.Medium, regexp.MustCompile(`^redis(-server)?$`), []string{"bitnami:redis"}, []string{"REDIS_VERSION"}},
	{"memcached", "memcached", report.Medium, regexp.MustCompile(`^memcached$`), []string{"bitnami:memcached"}, []string{"MEMCACHED_VERSION"}},
	{"rabbitmq", "RabbitMQ", report.Medium, regexp.MustCompile(`^rabbitmq-server$`), []string{"bitnami:rabbitmq"}, []string{"RABBITMQ_VERSION"}},
	{"elasticsearch", "Elasticsearch", report.Medium, regexp.MustCompile(`^elasticsearch$`), []string{"bitnami:elasticsearch", "maven:org.elasticsearch:elasticsearch"}, nil},
	{"apache-kafka", "Apache Kafka", report.Medium, nil, []string{"bitnami:kafka", "maven:org.apache.kafka:kafka_2.13"}, nil},
	{"tomcat", "Tomcat", report.Medium, regexp.MustCompile(`^tomcat[0-9]*$`), []string{"bitnami:tomcat", "maven:org.apache.tomcat.embed:tomcat-embed-core", "maven:org.apache.tomcat:tomcat-catalina"}, []string{"TOMCAT_VERSION"}},
	{"eclipse-jetty", "Jetty", report.Medium, nil, []string{"maven:org.eclipse.jetty:jetty-server"}, []string{"JETTY_VERSION"}},
	{"log4j", "Log4j", report.Medium, nil, []string{"maven:log4j:log4j"}, nil},
	{"spring-boot", "Spring Boot", report.Low, nil, []string{"maven:org.springframework.boot:spring-boot"}, nil},
	{"spring-framework", "Spring Framework", report.Low, nil, []string{"maven:org.springframework:spring-core"}, nil},
	{"apache-struts", "Struts", report.Medium, nil, []string{"maven:org.apache.struts:struts2-core"}, nil},
	{"quarkus-framework", "Quarkus", report.Low, nil, []string{"maven:io.quarkus:quarkus-core"}, nil},
	{"django", "Django", report.Low, nil, []string{"pypi:django", "pypi:Django"}, nil},
	{"ruby-on-rails", "Rails", report.Low, nil, []string{"gem:rails"}, nil},
	{"laravel", "Laravel", report.Low, nil, []string{"composer:laravel/framework"}, nil},
	{"symfony", "Symfony", report.Low, nil, []string{"composer:symfony/http-kernel"}, nil},
	{"drupal", "Drupal", report.Medium, nil, []string{"composer:drupal/core", "bitnami:drupal"}, nil},
	{"wordpress", "WordPress", report.Medium, nil, []string{"bitnami:wordpress"}, []string{"WORDPRESS_VERSION"}},
	{"angular", "Angular", report.Low, nil, []string{"npm:@angular/core"}, nil},
	{"angularjs", "AngularJS", report.Low, nil, []string{"npm:angular"}, nil},
	{"vue", "Vue", report.Low, nil, []string{"npm:vue"}, nil},
	{"nextjs", "Next.js", report.Low, nil, []string{"npm:next"}, nil},
	{"electron", "Electron", report.Low, nil, []string{"npm:electron"}, nil},
}

// endedRuntimes finds runtimes whose fixes had ended by the day of the knowledge,
// one finding for each release of a product.
//
// A package that a distribution built is the distribution's matter: it mends
// releases that their makers gave up. It counts only when the distribution itself
// gets no fixes any more, extended ones included.
func endedRuntimes(facts *report.ImageFacts, k Knowledge) ([]report.Finding, error) {
	abandoned, err := abandoned(facts.OS, k)
	if err != nil {
		return nil, err
	}
	r := &runtimeJudgement{facts: facts, k: k, found: make(offences)}
	for _, p := range facts.Packages {
		if p.OwnedBy != "" || p.Distribution() && !abandoned && !advisory.Foreign(facts.OS, p) {
			continue
		}
		if i := slices.IndexFunc(runtimes, func(t runtime) bool { return t.is(p) }); i >= 0 {
			if err := r.ofPackage(&runtimes[i], p); err != nil {
				return nil, err
			}
		}
	}
	for _, env := range facts.Image.Config.Env {
		if err := r.variable(env); err != nil {
			return nil, err
		}
	}
	return r.found.findings(facts), nil
}

// abandoned reports whether a distribution gets no fixes at all any more.
func abandoned(os report.OS, k Knowledge) (bool, error) {
	l, err := distributionLife(os, k)
	return l != nil && !l.ExtendedOn(k.Knowledge().Newest), err
}

func (t *runtime) is(p report.Package) bool {
	if p.Distribution() {
		return t.distribution != nil && t.distribution.MatchString(p.Name)
	}
	return slices.Contains(t.packages, p.Type+":"+p.Name)
}

// runtimeJudgement collects what has ended.
type runtimeJudgement struct {
	facts *report.ImageFacts
	k     Knowledge
	found offences
}

func (r *runtimeJudgement) ofPackage(t *runtime, p report.Package) error {
	o, err := r.ended(t, p.Version)
	if o == nil || err != nil {
		return err
	}
	o.packages = append(o.packages, p)
	o.evidence = append(o.evidence, packageName(p))
	return nil
}

// variable looks at an environment variable in which an image tells the version
// of what it was made for, and which nothing else in it may tell.
func (r *runtimeJudgement) variable(env string) error {
	name, value, _ := strings.Cut(env, "=")
	i := slices.IndexFunc(runtimes, func(t runtime) bool { return slices.Contains(t.variables, name) })
	if i < 0 {
		return nil
	}
	o, err := r.ended(&runtimes[i], value)
	if o == nil || err != nil {
		return err
	}
	o.files = append(o.files, report.Location{Layer: report.NoLayer, Config: "environment variable " + name})
	o.evidence = append(o.evidence, report.Printable(env, 120))
	return nil
}

// ended returns the offence of a version that gets no fixes, or nil.
func (r *runtimeJudgement) ended(t *runtime, version string) (*offence, error) {
	for _, release := range releasesOf(t.product, version) {
		l, ok, err := r.k.EndOfLife(t.product, release)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if !l.EndedOn(r.k.Knowledge().Newest) {
			return nil, nil
		}
		rule, err := r.rule(t, l)
		if err != nil {
			return nil, err
		}
		return r.found.at(subject{endOfLifeRuntime, t.product, release}, rule), nil
	}
	return nil, nil
}

// rule describes the end of a release.
func (r *runtimeJudgement) rule(t *runtime, l advisory.LifeCycle) (compliance.Rule, error) {
	releases, err := supported(r.k, t.product)
	if err != nil {
		return compliance.Rule{}, err
	}
	rule := compliance.Rule{
		Title:      fmt.Sprintf("%s %s gets no fixes any more", t.name, l.Release),
		Severity:   t.severity,
		Reason:     fmt.Sprintf("%s %s gets no security fixes any more: support ended%s. What is found in it from then on stays open.", t.name, l.Release, since(l)),
		Remedy:     fmt.Sprintf("Move to a release of %s that gets fixes%s: change the base image or the dependency, test, build and scan again.", t.name, releases),
		References: []string{"https://endoflife.date/" + t.product},
	}
	if l.ExtendedOn(r.k.Knowledge().Newest) {
		rule.Severity = report.Low
		rule.Reason = fmt.Sprintf("Regular support of %s %s ended%s. Extended support, mostly by contract, lasts until %s.", t.name, l.Release, since(l), l.ExtendedEnd)
	}
	if t.product == "go" {
		rule.Remedy = fmt.Sprintf("Build the programs again with a release of Go that gets fixes%s, and scan again.", releases)
	}
	return rule, nil
}

// upstream finds the numbers of the maker in a package's version: an epoch comes
// before, "go", "jdk" or "v" may.
var upstream = regexp.MustCompile(`^(?:[0-9]+:)?(?:v|go|jdk-?|jre-?)?([0-9]{1,4})(?:\.([0-9]{1,4}))?(?:[^0-9]|$)`)

// releasesOf returns the releases that a version may be of, the closest first.
func releasesOf(product, version string) []string {
	if len(version) > 200 {
		return nil
	}
	m := upstream.FindStringSubmatch(version)
	switch {
	case m == nil:
		return nil
	case m[2] == "":
		return []string{m[1]}
	case product == "eclipse-temurin" && m[1] == "1":
		return []string{m[2]} // Java 8 and before: 1.8
	}
	return []string{m[1] + "." + m[2], m[1]}
}
