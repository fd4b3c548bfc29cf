package kiosk

import "reflect"

// Traces lists every string that a person could have left in a kiosk, however
// deep and private its place.
func (k *Kiosk) Traces() []string {
	var out []string
	collect(reflect.ValueOf(k.s), &out)
	collect(reflect.ValueOf(k.enrol), &out)
	return out
}

func collect(v reflect.Value, out *[]string) {
	switch v.Kind() {
	case reflect.String:
		*out = append(*out, v.String())
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			collect(v.Elem(), out)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).Type().String() != "*time.Location" {
				collect(v.Field(i), out)
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			for i := range v.Len() {
				collect(v.Index(i), out)
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			collect(it.Key(), out)
			collect(it.Value(), out)
		}
	}
}
