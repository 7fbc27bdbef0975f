package contract

import "strings"

// Layers divides operations into groups of which each can be registered on one
// http.ServeMux. ServeMux refuses two patterns of which neither is more
// specific, and the contract has some: /sources/v1/{sourceId}/subtypes beside
// /sources/v1/subtypes/{subtypeId}. A request belongs to the first group that
// has a pattern for it. Operations stay in order and go to the earliest group
// possible, so the first holds nearly all. Two operations with one pattern never
// fit into one group.
func Layers(operations []Operation) [][]Operation {
	var layers [][]Operation
	var routes [][]route
	for _, o := range operations {
		r := newRoute(&o)
		layer := 0
		for layer < len(layers) && r.conflictsWithAny(routes[layer]) {
			layer++
		}
		if layer == len(layers) {
			layers, routes = append(layers, nil), append(routes, nil)
		}
		layers[layer] = append(layers[layer], o)
		routes[layer] = append(routes[layer], r)
	}
	return layers
}

// route is a pattern taken apart; the first segment is the method and a
// parameter is "".
type route []string

func newRoute(o *Operation) route {
	r := append(route{o.Method}, strings.Split(o.Path[1:], "/")...)
	for i, segment := range r {
		if strings.HasPrefix(segment, "{") {
			r[i] = ""
		}
	}
	return r
}

func (r route) conflictsWithAny(others []route) bool {
	for _, other := range others {
		if r.conflictsWith(other) {
			return true
		}
	}
	return false
}

// conflictsWith says whether some request fits both and neither is the more
// specific one.
func (r route) conflictsWith(other route) bool {
	if len(r) != len(other) {
		return false
	}
	narrower, wider := false, false
	for i, segment := range r {
		switch {
		case segment == other[i]:
		case segment == "":
			wider = true
		case other[i] == "":
			narrower = true
		default:
			return false
		}
	}
	return narrower == wider
}
