package demo

import (
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

// City is all there is to start a city with.
type City struct {
	Settings city.Settings
	// Acts are in the order in which they have to be applied.
	Acts      []Dated
	Logins    []Login
	Geography atlas.Geography
}

// Dated is an act with its id and its author's time.
type Dated struct {
	ID  city.MutationID
	At  time.Time
	Act city.Act
}

// Login lets one of the staff sign in.
type Login struct {
	Name     string
	Password string
	Staff    city.ID
	About    string // what this person may do, in a few words
}

// Actor is who acts: the city's own programs, on city.OfficeDevice.
var Actor = city.Actor{Kind: city.ActorSystem, Name: "Alder Bend set-up"}

// New makes the city as it stands at now. Within one hour the result does not
// depend on the minute.
func New(seed uint64, now time.Time) City {
	now = now.UTC().Truncate(time.Hour)
	b := &builder{now: now, rng: rand.New(rand.NewPCG(seed, 0x616c646572)), at: now.Add(-time.Hour)}
	b.city.Geography = geography()
	b.city.Settings = b.settings()
	b.city.Logins = logins()
	b.act(&city.SetCity{Settings: b.city.Settings})
	for _, s := range staff() {
		b.act(s)
	}
	for _, c := range crews() {
		b.act(c)
	}
	b.services = services()
	for _, s := range b.services {
		b.act(s)
	}
	b.history()
	b.notices()
	return b.city
}

// builder makes one city.
type builder struct {
	now      time.Time
	at       time.Time // of the next act
	rng      *rand.Rand
	city     City
	services []*city.PublishService
}

func (b *builder) act(a city.Act) {
	b.at = b.at.Add(time.Second)
	b.city.Acts = append(b.city.Acts, Dated{ID: city.MutationID(b.uuid(b.at)), At: b.at, Act: a})
}

// uuid makes a UUIDv7 of a moment and the seed.
func (b *builder) uuid(at time.Time) string {
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[:8], uint64(at.UnixMilli())<<16|b.rng.Uint64()&0xffff)
	binary.BigEndian.PutUint64(u[8:], b.rng.Uint64())
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}

func (b *builder) settings() city.Settings {
	salt := make([]byte, 16)
	binary.BigEndian.PutUint64(salt[:8], b.rng.Uint64())
	binary.BigEndian.PutUint64(salt[8:], b.rng.Uint64())
	s := city.Settings{
		Name: "Alder Bend",
		Greeting: t("Welcome to Alder Bend City Hall.",
			"Le damos la bienvenida a la alcaldía de Alder Bend."),
		TimeZone:   "America/New_York",
		Languages:  []string{"en", "es"},
		Calendar:   city.Calendar{Holidays: holidays(b.now), Closes: 17},
		Center:     city.Place{Lat: center.Lat, Lon: center.Lon, Landmark: "City Hall", District: "old-town"},
		Phone:      "+1 207 555 0100",
		LookupSalt: base64.RawURLEncoding.EncodeToString(salt),
	}
	for _, a := range b.city.Geography.Areas {
		if a.Kind == atlas.AreaDistrict {
			s.Districts = append(s.Districts, city.District{ID: city.ID(a.Key), Name: a.Name})
		}
	}
	return s
}

// t is words in both of the city's languages.
func t(en, es string) city.Text { return city.Text{"en": en, "es": es} }

// pick takes one of a list.
func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }
