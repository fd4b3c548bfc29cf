package city

import "time"

// Settings is the city itself, the one record of KindCity.
type Settings struct {
	Name       string     `json:"name"`
	Greeting   Text       `json:"greeting,omitempty"`
	TimeZone   string     `json:"time_zone"` // IANA name
	Languages  []string   `json:"languages"`
	Calendar   Calendar   `json:"calendar"`
	Districts  []District `json:"districts,omitempty"`
	Center     Place      `json:"center"`
	Phone      string     `json:"phone,omitempty"`       // answers when nothing else does
	LookupSalt string     `json:"lookup_salt,omitempty"` // base64url; see keys.Reference
	Places     string     `json:"places,omitempty"`      // blob of the places database; see atlas
	Map        string     `json:"map,omitempty"`         // blob of a map of the city's own, instead of one drawn of its places; see basemap
	TabletDays int        `json:"tablet_days,omitempty"` // for which a tablet shows people without a word of the server; 0: 14
	PublicURL  string     `json:"public_url,omitempty"`  // where a receipt's QR code leads
}

// TabletLease is for how long a tablet may show people's details without having
// heard from the server.
func (s Settings) TabletLease() time.Duration {
	if s.TabletDays == 0 {
		return 14 * 24 * time.Hour
	}
	return time.Duration(s.TabletDays) * 24 * time.Hour
}

// District is a part of the city.
type District struct {
	ID   ID     `json:"id"`
	Name string `json:"name"`
}

// District gives the name of a district, or "".
func (s Settings) District(id ID) string {
	for _, d := range s.Districts {
		if d.ID == id {
			return d.Name
		}
	}
	return ""
}

// LoadSettings reads the city record; its zero value when there is none yet.
func LoadSettings(view View) (Settings, error) {
	var s Settings
	_, err := load(view, Ref{KindCity, CityID}, &s)
	return s, err
}
