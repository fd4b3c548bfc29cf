package look

// The icons that there are. Residents and crews see most of them with words beside them.
const (
	IconAnimal       Icon = "animal" // paw
	IconBack         Icon = "back"
	IconBackspace    Icon = "backspace"
	IconBill         Icon = "bill"
	IconBuilding     Icon = "building" // city hall
	IconCalendar     Icon = "calendar"
	IconCamera       Icon = "camera"
	IconCheck        Icon = "check"
	IconCheckCircle  Icon = "check-circle"
	IconChevronDown  Icon = "chevron-down"
	IconChevronLeft  Icon = "chevron-left"
	IconChevronRight Icon = "chevron-right"
	IconChevronUp    Icon = "chevron-up"
	IconClock        Icon = "clock"
	IconClose        Icon = "close"
	IconCloseCircle  Icon = "close-circle"
	IconCloud        Icon = "cloud"
	IconCloudCheck   Icon = "cloud-check" // received
	IconCloudOff     Icon = "cloud-off"
	IconCloudUp      Icon = "cloud-up" // sent
	IconContrast     Icon = "contrast"
	IconDevice       Icon = "device"
	IconDocument     Icon = "document"
	IconEye          Icon = "eye"
	IconFilter       Icon = "filter"
	IconForward      Icon = "forward"
	IconGlobe        Icon = "globe"
	IconGraffiti     Icon = "graffiti" // spray can
	IconHelp         Icon = "help"
	IconHome         Icon = "home"
	IconInbox        Icon = "inbox"
	IconInfo         Icon = "info"
	IconKeyboard     Icon = "keyboard"
	IconKeyboardHide Icon = "keyboard-hide"
	IconKiosk        Icon = "kiosk"
	IconLanguage     Icon = "language"
	IconLight        Icon = "light" // street light
	IconList         Icon = "list"
	IconLocate       Icon = "locate" // where I am
	IconLock         Icon = "lock"
	IconLogout       Icon = "logout"
	IconMail         Icon = "mail"
	IconMap          Icon = "map"
	IconMapPin       Icon = "map-pin"
	IconMinus        Icon = "minus"
	IconNoise        Icon = "noise"
	IconParking      Icon = "parking"
	IconPause        Icon = "pause"
	IconPen          Icon = "pen"
	IconPhone        Icon = "phone"
	IconPhoto        Icon = "photo"
	IconPlay         Icon = "play"
	IconPlus         Icon = "plus"
	IconPothole      Icon = "pothole" // road with a hole
	IconPrinter      Icon = "printer"
	IconQR           Icon = "qr"
	IconReturn       Icon = "return"
	IconRoad         Icon = "road"
	IconRuler        Icon = "ruler"
	IconSearch       Icon = "search"
	IconShield       Icon = "shield" // safe
	IconShift        Icon = "shift"
	IconSidewalk     Icon = "sidewalk"
	IconSign         Icon = "sign"
	IconSnow         Icon = "snow"
	IconSpeaker      Icon = "speaker" // listen
	IconStar         Icon = "star"
	IconStop         Icon = "stop"
	IconSync         Icon = "sync"
	IconTablet       Icon = "tablet"
	IconTextSize     Icon = "text-size"
	IconTrash        Icon = "trash"
	IconTree         Icon = "tree"
	IconTruck        Icon = "truck"
	IconUser         Icon = "user"
	IconUsers        Icon = "users"
	IconWarning      Icon = "warning"
	IconWater        Icon = "water"
	IconWrench       Icon = "wrench"
)

// drawings holds the inside of each SVG document.
var drawings = map[Icon]string{
	IconAnimal:       `<circle cx="7" cy="10" r="1.9"/><circle cx="10.4" cy="5.6" r="1.9"/><circle cx="15" cy="5.6" r="1.9"/><circle cx="18" cy="10" r="1.9"/><path d="M12.5 11.5 C9.5 11.5 6.5 15.5 7 18 C7.4 20.2 10 20.4 12.5 19.6 C15 20.4 17.6 20.2 18 18 C18.5 15.5 15.5 11.5 12.5 11.5 Z"/>`,
	IconBack:         `<path d="M19 12 H5"/><path d="M11 6 L5 12 L11 18"/>`,
	IconBackspace:    `<path d="M8.5 5 H19 A2 2 0 0 1 21 7 V17 A2 2 0 0 1 19 19 H8.5 L2.5 12 Z"/><path d="M12 9.5 L17 14.5"/><path d="M17 9.5 L12 14.5"/>`,
	IconBill:         `<rect x="2.5" y="5" width="19" height="14" rx="2.5"/><path d="M2.5 10 H21.5"/><path d="M6 15 H10"/>`,
	IconBuilding:     `<path d="M3 9 L12 3.5 L21 9 Z"/><path d="M5 9 V18"/><path d="M9.7 9 V18"/><path d="M14.3 9 V18"/><path d="M19 9 V18"/><path d="M3.5 18 H20.5"/><path d="M2.5 21 H21.5"/>`,
	IconCalendar:     `<rect x="3.5" y="5" width="17" height="15.5" rx="2.5"/><path d="M3.5 10 H20.5"/><path d="M8 2.8 V6.5"/><path d="M16 2.8 V6.5"/>`,
	IconCamera:       `<path d="M3 9 A2 2 0 0 1 5 7 H7.5 L9 4.5 H15 L16.5 7 H19 A2 2 0 0 1 21 9 V17.5 A2 2 0 0 1 19 19.5 H5 A2 2 0 0 1 3 17.5 Z"/><circle cx="12" cy="13" r="3.7"/>`,
	IconCheck:        `<path d="M4.5 12.5 L9.8 17.8 L19.5 6.8"/>`,
	IconCheckCircle:  `<circle cx="12" cy="12" r="9"/><path d="M8 12.4 L10.9 15.2 L16.2 9.3"/>`,
	IconChevronDown:  `<path d="M6 9.5 L12 15.5 L18 9.5"/>`,
	IconChevronLeft:  `<path d="M14.5 6 L8.5 12 L14.5 18"/>`,
	IconChevronRight: `<path d="M9.5 6 L15.5 12 L9.5 18"/>`,
	IconChevronUp:    `<path d="M6 14.5 L12 8.5 L18 14.5"/>`,
	IconClock:        `<circle cx="12" cy="12" r="9"/><path d="M12 6.8 V12 L15.6 14.2"/>`,
	IconClose:        `<path d="M6 6 L18 18"/><path d="M18 6 L6 18"/>`,
	IconCloseCircle:  `<circle cx="12" cy="12" r="9"/><path d="M9 9 L15 15"/><path d="M15 9 L9 15"/>`,
	IconCloud:        `<path d="M7 19 C4.2 19 2.5 17 2.5 14.7 C2.5 12.4 4.2 10.7 6.3 10.5 C6.9 7.3 9.4 5 12.6 5 C16.2 5 18.7 7.6 19 10.9 C20.7 11.3 21.8 12.8 21.8 14.7 C21.8 17.2 20 19 17.5 19 Z"/>`,
	IconCloudCheck:   `<path d="M7 19 C4.2 19 2.5 17 2.5 14.7 C2.5 12.4 4.2 10.7 6.3 10.5 C6.9 7.3 9.4 5 12.6 5 C16.2 5 18.7 7.6 19 10.9 C20.7 11.3 21.8 12.8 21.8 14.7 C21.8 17.2 20 19 17.5 19 Z"/><path d="M9 13.2 L11.3 15.5 L15.4 10.8"/>`,
	IconCloudOff:     `<path d="M8.6 6.4 C9.7 5.5 11.1 5 12.6 5 C16.2 5 18.7 7.6 19 10.9 C20.7 11.3 21.8 12.8 21.8 14.7 C21.8 15.9 21.4 16.9 20.7 17.7"/><path d="M6.3 10.5 C4.2 10.7 2.5 12.4 2.5 14.7 C2.5 17 4.2 19 7 19 H17"/><path d="M4 4 L20 20"/>`,
	IconCloudUp:      `<path d="M7.5 18 H7 C4.2 18 2.5 16.2 2.5 13.9 C2.5 11.6 4.2 9.9 6.3 9.7 C6.9 6.5 9.4 4.2 12.6 4.2 C16.2 4.2 18.7 6.8 19 10.1 C20.7 10.5 21.8 12 21.8 13.9 C21.8 16.2 20 18 17.5 18 H16.5"/><path d="M12 20.5 V11.5"/><path d="M8.8 14.6 L12 11.4 L15.2 14.6"/>`,
	IconContrast:     `<circle cx="12" cy="12" r="9"/><path d="M12 3 V21"/><path d="M15 4.6 V19.4"/><path d="M18 6.9 V17.1"/>`,
	IconDevice:       `<rect x="2.5" y="4.5" width="19" height="12.5" rx="2"/><path d="M8.5 20.5 H15.5"/><path d="M12 17 V20.5"/>`,
	IconDocument:     `<path d="M6 3 H14 L19 8 V21 H6 Z"/><path d="M14 3 V8 H19"/><path d="M9 13 H16"/><path d="M9 17 H14"/>`,
	IconEye:          `<path d="M2.5 12 C5 7.5 8.3 5.5 12 5.5 C15.7 5.5 19 7.5 21.5 12 C19 16.5 15.7 18.5 12 18.5 C8.3 18.5 5 16.5 2.5 12 Z"/><circle cx="12" cy="12" r="3"/>`,
	IconFilter:       `<path d="M4 6 H20"/><path d="M7 12 H17"/><path d="M10.5 18 H13.5"/>`,
	IconForward:      `<path d="M5 12 H19"/><path d="M13 6 L19 12 L13 18"/>`,
	IconGlobe:        `<circle cx="12" cy="12" r="9"/><path d="M3 12 H21"/><path d="M12 3 C16.6 8 16.6 16 12 21"/><path d="M12 3 C7.4 8 7.4 16 12 21"/>`,
	IconGraffiti:     `<path d="M7 12 A2 2 0 0 1 9 10 H13 A2 2 0 0 1 15 12 V21 H7 Z"/><path d="M9 10 V6.5 H13 V10"/><path d="M11 6.5 V4.5"/><path d="M7 15 H15"/><path d="M16.5 4.5 H16.7"/><path d="M19.5 3 H19.7"/><path d="M19.5 6 H19.7"/>`,
	IconHelp:         `<circle cx="12" cy="12" r="9"/><path d="M9.3 9.4 C9.5 7.8 10.6 6.9 12.1 6.9 C13.7 6.9 14.8 7.9 14.8 9.3 C14.8 11.4 12 11.5 12 13.6"/><path d="M12 16.9 V17"/>`,
	IconHome:         `<path d="M3 11.5 L12 4 L21 11.5"/><path d="M5.5 9.6 V20 H18.5 V9.6"/><path d="M10 20 V14.2 H14 V20"/>`,
	IconInbox:        `<path d="M3 13 L5.8 5 H18.2 L21 13 V19.5 H3 Z"/><path d="M3 13 H8.3 L9.5 15.7 H14.5 L15.7 13 H21"/>`,
	IconInfo:         `<circle cx="12" cy="12" r="9"/><path d="M12 11 V16.8"/><path d="M12 7.4 V7.5"/>`,
	IconKeyboard:     `<rect x="2.5" y="6" width="19" height="12" rx="2"/><path d="M6.5 10 H6.6"/><path d="M10.2 10 H10.3"/><path d="M13.8 10 H13.9"/><path d="M17.4 10 H17.5"/><path d="M8 14.2 H16"/>`,
	IconKeyboardHide: `<rect x="2.5" y="3.5" width="19" height="11.5" rx="2"/><path d="M6.5 7.5 H6.6"/><path d="M10.2 7.5 H10.3"/><path d="M13.8 7.5 H13.9"/><path d="M17.4 7.5 H17.5"/><path d="M8.5 11.3 H15.5"/><path d="M9 18.5 L12 21.3 L15 18.5"/>`,
	IconKiosk:        `<rect x="6" y="2.5" width="12" height="14" rx="2"/><path d="M9 6.5 H15"/><path d="M9 10 H13"/><path d="M10.5 16.5 V21"/><path d="M13.5 16.5 V21"/><path d="M7.5 21.5 H16.5"/>`,
	IconLanguage:     `<path d="M3 5.5 H13"/><path d="M8 3.2 V5.5"/><path d="M10.8 5.5 C10 9.5 7.3 12.6 3.6 14.2"/><path d="M5.2 8.6 C6.6 11 8.9 12.9 11.6 13.9"/><path d="M12 20.5 L16.3 10.5 L20.6 20.5"/><path d="M13.4 17.3 H19.2"/>`,
	IconLight:        `<path d="M7 21 V7.5 C7 4.8 8.9 3 11.5 3 C14.1 3 15.8 4.6 16 7"/><path d="M12.5 10.5 C12.5 8.4 14 7 16 7 C18 7 19.5 8.4 19.5 10.5 Z"/><path d="M13.2 13.5 L12.2 15.8"/><path d="M16 13.5 V16.2"/><path d="M18.8 13.5 L19.8 15.8"/><path d="M4.5 21 H9.5"/>`,
	IconList:         `<path d="M9 6 H20.5"/><path d="M9 12 H20.5"/><path d="M9 18 H20.5"/><path d="M4.4 6 H4.5"/><path d="M4.4 12 H4.5"/><path d="M4.4 18 H4.5"/>`,
	IconLocate:       `<circle cx="12" cy="12" r="6.8"/><circle cx="12" cy="12" r="1.6"/><path d="M12 2 V5.2"/><path d="M12 18.8 V22"/><path d="M2 12 H5.2"/><path d="M18.8 12 H22"/>`,
	IconLock:         `<rect x="4.5" y="10.5" width="15" height="10.5" rx="2.5"/><path d="M8 10.5 V7.5 A4 4 0 0 1 16 7.5 V10.5"/><path d="M12 14.8 V16.7"/>`,
	IconLogout:       `<path d="M10 4 H6 A2 2 0 0 0 4 6 V18 A2 2 0 0 0 6 20 H10"/><path d="M9.5 12 H20.5"/><path d="M16.5 7.8 L20.7 12 L16.5 16.2"/>`,
	IconMail:         `<rect x="2.5" y="5" width="19" height="14" rx="2.5"/><path d="M3.3 6.8 L12 13 L20.7 6.8"/>`,
	IconMap:          `<path d="M9 4 L3 6.5 V20 L9 17.5 L15 20 L21 17.5 V4 L15 6.5 Z"/><path d="M9 4 V17.5"/><path d="M15 6.5 V20"/>`,
	IconMapPin:       `<path d="M12 21.3 C7 16.2 5 12.8 5 9.8 A7 7 0 0 1 19 9.8 C19 12.8 17 16.2 12 21.3 Z"/><circle cx="12" cy="9.8" r="2.6"/>`,
	IconMinus:        `<path d="M5 12 H19"/>`,
	IconNoise:        `<path d="M3.5 9.5 V14.5 H7 L12 18.8 V5.2 L7 9.5 Z"/><path d="M15.3 9.2 C16.8 10.8 16.8 13.2 15.3 14.8"/><path d="M18 6.5 C21 9.6 21 14.4 18 17.5"/>`,
	IconParking:      `<rect x="3.5" y="3.5" width="17" height="17" rx="3"/><path d="M9.5 17 V7.5 H12.7 A3 3 0 0 1 12.7 13.5 H9.5"/>`,
	IconPause:        `<path d="M8.5 5.5 V18.5"/><path d="M15.5 5.5 V18.5"/>`,
	IconPen:          `<path d="M4 20 L5 15.5 L16 4.5 A1.8 1.8 0 0 1 18.6 4.5 L19.5 5.4 A1.8 1.8 0 0 1 19.5 8 L8.5 19 Z"/><path d="M14 6.7 L17.3 10"/>`,
	IconPhone:        `<path d="M5 3.5 H8.3 L10 8 L7.8 9.8 C8.9 12.4 11.6 15.1 14.2 16.2 L16 14 L20.5 15.7 V19 A1.6 1.6 0 0 1 18.8 20.5 C10.8 20 4 13.2 3.5 5.2 A1.6 1.6 0 0 1 5 3.5 Z"/>`,
	IconPhoto:        `<rect x="3" y="4.5" width="18" height="15" rx="2.5"/><circle cx="8.3" cy="9.5" r="1.7"/><path d="M3.5 17.2 L9 12.8 L12.5 15.8 L16.5 11.8 L20.6 15.5"/>`,
	IconPlay:         `<path d="M7.5 4.8 L19 12 L7.5 19.2 Z"/>`,
	IconPlus:         `<path d="M12 5 V19"/><path d="M5 12 H19"/>`,
	IconPothole:      `<path d="M7.5 3.5 L3 20.5"/><path d="M16.5 3.5 L21 20.5"/><path d="M12 3.5 V6.5"/><path d="M7.6 14.5 L9.6 12 L11.9 13 L14.4 11.8 L16.4 14.6 L14.8 17.2 L11.8 16.4 L9.2 17.3 Z"/>`,
	IconPrinter:      `<path d="M7 9 V3.5 H17 V9"/><path d="M7 17 H5 A2 2 0 0 1 3 15 V11 A2 2 0 0 1 5 9 H19 A2 2 0 0 1 21 11 V15 A2 2 0 0 1 19 17 H17"/><path d="M7 14 H17 V20.5 H7 Z"/>`,
	IconQR:           `<rect x="3.5" y="3.5" width="6.5" height="6.5" rx="1"/><rect x="14" y="3.5" width="6.5" height="6.5" rx="1"/><rect x="3.5" y="14" width="6.5" height="6.5" rx="1"/><path d="M14 14 H16.5 V17"/><path d="M20.5 14 V16.5"/><path d="M14 20.5 H14.1"/><path d="M17.3 20.5 H20.5 V19.5"/>`,
	IconReturn:       `<path d="M19.5 5.5 V13 H5"/><path d="M9.5 8.5 L5 13 L9.5 17.5"/>`,
	IconRoad:         `<path d="M8 3.5 L3.5 20.5"/><path d="M16 3.5 L20.5 20.5"/><path d="M12 4 V7"/><path d="M12 10.5 V13.5"/><path d="M12 17 V20"/>`,
	IconRuler:        `<path d="M3 15.5 L15.5 3 L21 8.5 L8.5 21 Z"/><path d="M6.8 11.7 L9 13.9"/><path d="M10 8.5 L13.2 11.7"/><path d="M13.2 5.3 L15.4 7.5"/>`,
	IconSearch:       `<circle cx="10.5" cy="10.5" r="6.8"/><path d="M15.6 15.6 L21 21"/>`,
	IconShield:       `<path d="M12 2.8 L20 5.8 V11.5 C20 16.2 16.8 19.7 12 21.3 C7.2 19.7 4 16.2 4 11.5 V5.8 Z"/><path d="M8.5 11.9 L11.1 14.4 L15.6 9.4"/>`,
	IconShift:        `<path d="M12 4 L20 12.3 H16 V19.5 H8 V12.3 H4 Z"/>`,
	IconSidewalk:     `<path d="M2.5 20 L7.5 5 H16.5 L21.5 20 Z"/><path d="M12 5 V20"/><path d="M5.9 9.8 H18.1"/><path d="M4.3 14.6 H19.7"/>`,
	IconSign:         `<path d="M8.2 2.8 H15.8 L21 8 V8.6 L15.8 13.8 H8.2 L3 8.6 V8 Z"/><path d="M8.5 8.3 H15.5"/><path d="M12 13.8 V21.3"/><path d="M9 21.3 H15"/>`,
	IconSnow:         `<path d="M12 2.8 V21.2"/><path d="M4 7.4 L20 16.6"/><path d="M20 7.4 L4 16.6"/><path d="M9.5 4.5 L12 6.8 L14.5 4.5"/><path d="M9.5 19.5 L12 17.2 L14.5 19.5"/><path d="M3.7 10.7 L7 9.9 L6.2 6.6"/><path d="M17.8 17.4 L17 14.1 L20.3 13.3"/>`,
	IconSpeaker:      `<path d="M3.5 9.5 V14.5 H7 L12 18.8 V5.2 L7 9.5 Z"/><path d="M15.5 9 C17.2 10.7 17.2 13.3 15.5 15"/>`,
	IconStar:         `<path d="M12 3 L14.8 8.9 L21.2 9.7 L16.5 14.1 L17.7 20.5 L12 17.4 L6.3 20.5 L7.5 14.1 L2.8 9.7 L9.2 8.9 Z"/>`,
	IconStop:         `<rect x="5.5" y="5.5" width="13" height="13" rx="2"/>`,
	IconSync:         `<path d="M20 11 A8.2 8.2 0 0 0 5.4 7"/><path d="M4.5 3.2 V7.5 H8.8"/><path d="M4 13 A8.2 8.2 0 0 0 18.6 17"/><path d="M19.5 20.8 V16.5 H15.2"/>`,
	IconTablet:       `<rect x="4.5" y="2.5" width="15" height="19" rx="2.5"/><path d="M10.5 18.3 H13.5"/>`,
	IconTextSize:     `<path d="M2.8 19 L8.4 5.5 L14 19"/><path d="M4.8 14.5 H12"/><path d="M14.8 19 L18.1 11 L21.4 19"/><path d="M16 16.4 H20.3"/>`,
	IconTrash:        `<path d="M4 7 H20"/><path d="M9 7 V4 H15 V7"/><path d="M6 7 L7 20.5 H17 L18 7"/><path d="M10.2 11 V16.5"/><path d="M13.8 11 V16.5"/>`,
	IconTree:         `<path d="M12 21.5 V11"/><path d="M12 15.5 L15 12.8"/><path d="M12 13.5 L9.6 11.4"/><path d="M8.5 17 C5.5 17 3.5 15 3.5 12.5 C3.5 10.6 4.6 9.1 6.3 8.4 C6.4 5.3 8.8 2.8 12 2.8 C15.2 2.8 17.6 5.3 17.7 8.4 C19.4 9.1 20.5 10.6 20.5 12.5 C20.5 15 18.5 17 15.5 17"/>`,
	IconTruck:        `<path d="M2.5 5.5 H14 V16.5 H2.5 Z"/><path d="M14 9.5 H18 L21.5 13 V16.5 H14"/><circle cx="7" cy="18" r="2.2"/><circle cx="17.3" cy="18" r="2.2"/>`,
	IconUser:         `<circle cx="12" cy="8" r="4"/><path d="M4 20.5 C4.6 16.6 7.8 14.7 12 14.7 C16.2 14.7 19.4 16.6 20 20.5"/>`,
	IconUsers:        `<circle cx="9" cy="8.2" r="3.6"/><path d="M2.5 20 C2.9 16.4 5.4 14.6 9 14.6 C12.6 14.6 15.1 16.4 15.5 20"/><path d="M15.5 4.9 A3.6 3.6 0 0 1 15.5 11.5"/><path d="M17.6 15 C19.9 15.7 21.2 17.4 21.5 20"/>`,
	IconWarning:      `<path d="M12 3.8 L22 20.2 H2 Z"/><path d="M12 10 V14.4"/><path d="M12 17.2 V17.3"/>`,
	IconWater:        `<path d="M12 3 C8 8 5.5 11.3 5.5 14.6 A6.5 6.5 0 0 0 18.5 14.6 C18.5 11.3 16 8 12 3 Z"/><path d="M9 15 A3 3 0 0 0 11.7 17.8"/>`,
	IconWrench:       `<path d="M14.5 6.2 A4.8 4.8 0 0 1 20.6 4.6 L17.3 7.9 L17.9 10 L20 10.6 L21.3 9.3 A4.8 4.8 0 0 1 15 13 L7.3 20.7 A2.3 2.3 0 0 1 3.3 16.7 L11 9 A4.8 4.8 0 0 1 14.5 6.2"/>`,
}
