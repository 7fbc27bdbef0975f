package contracttest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"midgard/internal/contract/contracttest"
)

const (
	account = `{"id":"a","name":"svc","nativeIdentity":"n","classificationMethod":"SOURCE","connectorAttributes":{"x":1},
		"manuallyEdited":false,"locked":false,"enabled":true,"hasEntitlements":true,"ownerIdentity":null,
		"machineIdentity":{"type":"MACHINE_IDENTITY","id":"m","name":"M"},"source":{"type":"SOURCE","id":"s","name":"S"},
		"created":"2026-01-02T03:04:05.678Z"}`
	failure = `{"detailCode":"400.1 Bad Request Content","trackingId":"t","causes":[],
		"messages":[{"locale":"en-US","localeOrigin":"DEFAULT","text":"no"}]}`
	config = `{"enabled":true,"classificationMethod":"CRITERIA","modified":null,"created":"2026-01-02T03:04:05.678Z",
		"criteria":{"operation":"OR","children":[{"operation":"EQUALS","attribute":"a","value":"b","children":null}]}}`
)

type response struct {
	target string
	status int
	header http.Header
	body   string
	want   string // part of the error; "" for none
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	h.Set("Content-Type", "application/json;charset=UTF-8")
	h.Set("SLPT-Request-ID", "t")
	h.Set("X-Request-Id", "t")
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			h.Del(pairs[i])
		}
	}
	return h
}

func (r response) run(t *testing.T) {
	t.Helper()
	method, path, _ := strings.Cut(r.target, " ")
	err := contracttest.Validator(t)(httptest.NewRequest(method, path, nil), r.status, r.header, []byte(r.body))
	if (err == nil) != (r.want == "") || err != nil && !strings.Contains(err.Error(), r.want) {
		t.Errorf("%s %d %s: error %v, want one with %q", r.target, r.status, r.body, err, r.want)
	}
}

func TestValidatorAccepts(t *testing.T) {
	t.Parallel()
	for _, r := range []response{
		{target: "GET /machine-accounts/v1/1", status: 200, header: header(), body: account},
		{target: "GET /v2025/machine-accounts?limit=1", status: 200, header: header(), body: "[" + account + "]"},
		{target: "GET /machine-accounts/v1?count=true", status: 200, header: header("X-Total-Count", "0"), body: "[]"},
		{target: "GET /machine-accounts/v1", status: 400, header: header(), body: failure},
		{target: "GET /machine-identities/v1", status: 400, header: header(), body: `{"error":"Experimental"}`},
		{target: "GET /machine-identities/v1", status: 400, header: header(), body: failure},
		{target: "GET /sources/v1", status: 401, header: header(), body: `{"error":"no"}`},
		{target: "GET /sources/v1", status: 429, header: header("Retry-After", "3"), body: `{"message":"slow"}`},
		{target: "DELETE /v2024/machine-identities/1", status: 204, header: header()},
		{target: "DELETE /sources/v1/1/machine-classification-config", status: 200, header: header()},
		{target: "GET /v2026/sources/1/machine-classification-config", status: 200, header: header(), body: config},
		{
			target: "POST /sources/v1/1/classify", status: 200, header: header(),
			body: `{"Accounts submitted for processing":3}`,
		},
		{
			target: "DELETE /identities/v1/1", status: 400, header: header(),
			body: `{"message":"in use","associationDetails":[]}`,
		},
	} {
		r.run(t)
	}
}

func TestValidatorRefuses(t *testing.T) {
	t.Parallel()
	const one = "GET /machine-accounts/v1/1"
	for _, r := range []response{
		{one, 418, header(), account, "does not declare"},
		{one, 201, header(), account, "does not declare"},
		{one, 301, header(), "", "does not declare"},
		{one, 200, header(), "{}", "nativeIdentity"},
		{one, 200, header(), strings.Replace(account, "SOURCE", "GUESS", 1), "classificationMethod"},
		{one, 200, header(), strings.Replace(account, `"id":"a"`, `"id":"a","kind":1`, 1), "kind"},
		{one, 200, header(), strings.Replace(account, `"name":"M"`, `"name":"M","x":1`, 1), `"x"`},
		{one, 200, header(), strings.Replace(account, "678Z", "678+01:00", 1), "created"},
		{one, 200, header(), strings.Replace(account, `"locked":false`, `"locked":null`, 1), "locked"},
		{one, 200, header("Content-Type", "text/plain"), account, "Content-Type"},
		{one, 200, header("SLPT-Request-ID", ""), account, "SLPT-Request-ID"},
		{one, 200, header("X-Deprecated", "true"), account, "X-Deprecated"},
		{one, 400, header(), `{"detailCode":"x"}`, "trackingId"},
		{one, 400, header(), `{"error":"x"}`, "detailCode"},
		{one, 404, header("Retry-After", "1"), failure, "Retry-After"},
		{one, 429, header(), `{"message":"slow"}`, "Retry-After"},
		{"GET /machine-accounts/v1", 200, header("X-Total-Count", "1"), "[]", "X-Total-Count"},
		{"GET /machine-accounts/v1?count=true", 200, header(), "[]", "X-Total-Count"},
		{"DELETE /v2024/machine-identities/1", 204, header(), "{}", "no body"},
		{"GET /machine-identities/v2", 400, header(), `{"error":"Experimental"}`, "detailCode"},
		{"DELETE /identities/v1/1", 400, header(), `{"error":"x"}`, "400"},
	} {
		r.run(t)
	}
}

func TestValidatorKnowsOperationsOnly(t *testing.T) {
	t.Parallel()
	validate := contracttest.Validator(t)
	for _, target := range []string{"GET /oauth/info", "PUT /machine-accounts/v1", "GET /v3/machine-accounts"} {
		method, path, _ := strings.Cut(target, " ")
		err := validate(httptest.NewRequest(method, path, nil), 200, header(), nil)
		if !errors.Is(err, contracttest.ErrNoOperation) {
			t.Errorf("%s: error %v", target, err)
		}
	}
}
