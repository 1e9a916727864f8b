package wiretap

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
)

// Guard lets only h's own page on this machine use h. It refuses requests from pages of other origins,
// and requests to another name than this machine's own, which a foreign page may have pointed at this
// address (DNS rebinding).
//
// Behind a forwarded port the page has another name in the browser. A forwarder may rewrite Host to
// localhost, and put that name into X-Forwarded-Host. A page from elsewhere cannot do so, since a
// browser first asks (CORS) whether it may set that field. If the forwarder keeps Host, or does not set
// the field, the name must be in names.
func Guard(h http.Handler, names ...string) http.Handler {
	names = slices.Clone(names)
	for i, name := range names { // perhaps copied from the browser's address bar
		if _, address, ok := strings.Cut(name, "://"); ok {
			names[i], _, _ = strings.Cut(address, "/")
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Frame-Options", "SAMEORIGIN") // no foreign page may hijack clicks
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if why := foreign(r, names); why != "" {
			http.Error(w, why, http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// foreign explains why a request is refused, or returns "".
func foreign(r *http.Request, names []string) string {
	const remedy = "%s is %s. If that is the host of your forwarded port, start this again with -host %s"
	name := hostname(r.Host)
	ip := net.ParseIP(strings.Trim(name, "[]"))
	local := name == "localhost" || ip != nil && ip.IsLoopback()
	named := slices.ContainsFunc(names, func(n string) bool { return hostname(n) == name })
	origins := r.Header.Values("Origin")
	isCrossSite := strings.HasSuffix(r.Header.Get("Sec-Fetch-Site"), "-site") // cross-site, same-site
	switch {
	case !local && !named:
		return fmt.Sprintf("this is only for this machine, but "+remedy, "Host", r.Host, r.Host)
	case len(origins) > 1, len(origins) == 1 && !isOwn(origins[0], r, local, names):
		origin := strings.Join(origins, ", ")
		_, at, _ := strings.Cut(origin, "://")
		return fmt.Sprintf("this is only for its own page, but "+remedy, "Origin", origin, cmp.Or(at, "NAME"))
	case isCrossSite && r.Header.Get("Sec-Fetch-Mode") != "navigate":
		return "this is only for its own page" // the browser tells, even if it sends no Origin
	}
	return ""
}

// isOwn reports whether an origin is the one of this program's page.
func isOwn(origin string, r *http.Request, local bool, names []string) bool {
	hosts := []string{r.Host}
	if local {
		forwarded, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Host"), ",")
		hosts = append(append(hosts, strings.TrimSpace(forwarded)), names...)
	}
	scheme, at, _ := strings.Cut(origin, "://")
	port, ok := map[string]string{"http": ":80", "https": ":443"}[scheme]
	return ok && slices.ContainsFunc(hosts, func(host string) bool {
		return host != "" && strings.EqualFold(strings.TrimSuffix(host, port), strings.TrimSuffix(at, port))
	})
}

// hostname returns a host:port without the port, in lower case.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(host)
}
