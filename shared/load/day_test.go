package load_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/load"
)

func TestADayIsReadFromAnExport(t *testing.T) {
	d, err := load.ReadDay(strings.NewReader("ID,OPEN_DT\n1,01/02/2015 09:10:00 AM\n2,01/02/2015 09:59:59 AM\n3,01/03/2015 12:00:00 AM\n4,\n5\n"))
	if err != nil || d[9] != 1 || d[0] != .5 || d.At(0) != .5 || d.At(.4) != 1 || d.At(1) != 0 {
		t.Errorf("%v, %v", d, err)
	}
	for _, bad := range []string{"", "ID,OPENED\n1,2\n", "ID,OPEN_DT\n1,yesterday\n"} {
		if _, err := load.ReadDay(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is a day", bad)
		}
	}
	if most := slices.Max(load.OneDay[:]); most != 1 {
		t.Errorf("the busiest hour of the built-in day is %v", most)
	}
}

func TestSeatsAreReadAsWritten(t *testing.T) {
	seats := []load.Seat{{Code: "A", Fingerprint: "F", Kind: city.DeviceKiosk, Service: "tree"}, {Code: "B", Kind: city.DeviceTablet, Crew: "c", Member: city.Member{ID: "d", Name: "D"}, Request: "r"}}
	var file bytes.Buffer
	if err := load.WriteSeats(&file, seats); err != nil {
		t.Fatal(err)
	}
	back, err := load.ReadSeats(bytes.NewReader(file.Bytes()))
	if err != nil || !reflect.DeepEqual(back, seats) {
		t.Errorf("%+v, %v", back, err)
	}
	if _, err := load.ReadSeats(bytes.NewReader(file.Bytes()[:file.Len()-4])); err == nil {
		t.Error("a file that was cut off is whole")
	}
}
