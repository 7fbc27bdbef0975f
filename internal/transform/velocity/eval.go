package velocity

import "fmt"

type literal struct{ value any }

func (l literal) eval(*run) (any, error) { return l.value, nil }

// interpolation is a text with references.
type interpolation struct{ nodes []node }

func (i *interpolation) eval(r *run) (any, error) {
	outer := r.out
	r.out = nil
	err := r.all(i.nodes)
	text := string(r.out)
	r.out = outer
	if err != nil {
		return nil, err
	}
	return r.made(text)
}

type negation struct {
	value expression
	odd   bool
}

func (n *negation) eval(r *run) (any, error) {
	value, err := n.value.eval(r)
	return truth(value) != n.odd, err
}

type binary struct {
	operator    string
	left, right expression
}

func (b *binary) eval(r *run) (any, error) {
	left, err := b.left.eval(r)
	if err != nil {
		return nil, err
	}
	switch {
	case b.operator == "||" && truth(left):
		return true, nil
	case b.operator == "&&" && !truth(left):
		return false, nil
	}
	right, err := b.right.eval(r)
	if err != nil {
		return nil, err
	}
	return b.combine(r, left, right)
}

func (b *binary) combine(r *run, left, right any) (any, error) {
	switch b.operator {
	case "||", "&&":
		return truth(right), nil
	case "==", "!=":
		same, err := r.equal(left, right)
		return same == (b.operator == "=="), err
	case "<", ">", "<=", ">=":
		return ordered(b.operator, left, right), nil
	}
	return r.calculate(b.operator, left, right)
}

// equal compares numbers by value and everything else as texts. Missing values equal each other only.
func (r *run) equal(left, right any) (bool, error) {
	a, aNumber := toFloat(left)
	b, bNumber := toFloat(right)
	switch {
	case left == nil || right == nil:
		return left == nil && right == nil, nil
	case aNumber && bNumber:
		return a == b, nil
	}
	first, err := r.text(left)
	if err != nil {
		return false, err
	}
	second, err := r.text(right)
	return first == second, err
}

// ordered compares numbers; anything else is in no order, so that the comparison does not hold.
func ordered(operator string, left, right any) bool {
	a, aNumber := toFloat(left)
	b, bNumber := toFloat(right)
	if !aNumber || !bNumber {
		return false
	}
	switch operator {
	case "<":
		return a < b
	case ">":
		return a > b
	case "<=":
		return a <= b
	}
	return a >= b
}

// calculate does arithmetic. Plus joins texts. What cannot be calculated has no value.
func (r *run) calculate(operator string, left, right any) (any, error) {
	a, aWhole := left.(int64)
	b, bWhole := right.(int64)
	if aWhole && bWhole {
		return whole(operator, a, b), nil
	}
	x, xNumber := toFloat(left)
	y, yNumber := toFloat(right)
	switch {
	case xNumber && yNumber:
		return fractional(operator, x, y), nil
	case operator != "+" || left == nil || right == nil:
		return nil, nil
	}
	return r.join(left, right)
}

func (r *run) join(left, right any) (any, error) {
	first, err := r.text(left)
	if err != nil {
		return nil, err
	}
	second, err := r.text(right)
	if err != nil {
		return nil, err
	}
	return r.made(first + second)
}

func whole(operator string, a, b int64) any {
	switch {
	case operator == "+":
		return a + b
	case operator == "-":
		return a - b
	case operator == "*":
		return a * b
	case b == 0:
		return nil
	case operator == "/":
		return a / b
	}
	return a % b
}

func fractional(operator string, a, b float64) any {
	switch {
	case operator == "+":
		return a + b
	case operator == "-":
		return a - b
	case operator == "*":
		return a * b
	case operator == "/" && b != 0:
		return a / b
	}
	return nil
}

// reference is a variable with a path of properties, methods and indexes.
type reference struct {
	name string
	path []access
}

// access is one step from a value, which is never nil, to another.
type access interface {
	from(r *run, value any) (any, error)
}

func (ref *reference) eval(r *run) (any, error) {
	value, err := r.lookup(ref.name)
	for _, step := range ref.path {
		if err != nil || value == nil {
			return nil, err
		}
		value, err = step.from(r, value)
	}
	return value, err
}

// property is a member of a map. Other values have none.
type property string

func (p property) from(_ *run, value any) (any, error) {
	object, _ := value.(map[string]any)
	return accepted(object[string(p)])
}

// index is an element of a list or a member of a map.
type index struct{ key expression }

func (i *index) from(r *run, value any) (any, error) {
	key, err := i.key.eval(r)
	if err != nil {
		return nil, err
	}
	return element(value, key)
}

func element(value, key any) (any, error) {
	switch value := value.(type) {
	case map[string]any:
		name, _ := key.(string)
		return accepted(value[name])
	case []string:
		n, whole := key.(int64)
		if !whole || n < 0 || n >= int64(len(value)) {
			return nil, fmt.Errorf("the list has %d elements and none with the index %v", len(value), key)
		}
		return value[n], nil
	}
	return nil, nil
}
