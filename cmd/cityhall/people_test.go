package main_test

import "cityhall/shared/sim/stage"

// myAddress is a resident at the kiosk who asks what concerns an address.
func (w *window) myAddress() {
	w.j.t.Helper()
	w.press("My address")
	w.TypeInto("Address or landmark", streetAddress)
	w.WaitForPattern(`^`+streetAddress+`\. `, soon)
	w.press("Next")
	w.WaitFor("Trash", soon)
	w.WaitFor("Your side: even house numbers", soon)
	w.WaitFor("Alder Bend Public Library", soon)
	w.show("my-address")
	w.press("Done")
	w.WaitFor("Report a problem", soon)
	if w.Has(streetAddress) {
		w.j.t.Error("the kiosk shows an address that somebody asked for after they left")
	}
}

// report is a resident at the kiosk, who answers what is asked until the receipt
// stands there. It gives the reference.
func (w *window) report() string {
	w.j.t.Helper()
	w.press("Report a problem")
	w.TypeInto("Search", "tree")
	w.show("services")
	w.press("Fallen tree or branch")
	for i, answer := range []string{"No", "No", "A whole tree", "The whole street", "No"} {
		w.press(answer)
		if i == 3 {
			w.show("question")
		}
		w.press("Continue")
	}
	w.WaitFor("How thick is the trunk or branch?", soon)
	w.press("Continue") // may be skipped
	w.TypeInto("Address or landmark", streetAddress)
	hit := w.WaitForPattern(`^`+streetAddress+`\. `, soon)
	w.show("place-search")
	w.TapAt(hit)
	w.WaitFor("Is it here?", soon)
	w.press("Adjust on the map")
	w.WaitFor("It is here", soon)
	w.show("point")
	w.press("It is here")
	w.WaitFor("Is it here?", soon)
	w.show("place")
	w.press("Continue")
	w.WaitFor("Is there more that we should know?", soon)
	w.TypeInto("In your own words (optional)", residentSays)
	w.show("details")
	w.press("Continue")
	w.WaitFor("May we contact you about this?", soon)
	w.show("contact")
	w.press("Stay anonymous")
	w.WaitFor("Is this right?", soon)
	w.show("check")
	w.press("Send this report")
	w.WaitFor("Your report is saved", soon)
	w.WaitFor("It is kept safely on this kiosk.", soon)
	ref := w.reference()
	w.show("receipt")
	return ref
}

// signIn types the PIN and says who is working.
func (w *window) signIn() {
	w.j.t.Helper()
	w.WaitFor("Enter the PIN", eventually)
	w.show("pin")
	w.press("2", "4", "6", "8")
	w.WaitFor("Who is working?", eventually)
	w.show("who")
	w.TapAt(w.WaitForPattern(`^Dana`, soon))
	w.WaitFor("My jobs", soon)
}

// work is the crew under the tree: it starts, logs what it did with materials
// and two photos, and finishes.
func (w *window) work() {
	w.j.t.Helper()
	w.press(streetAddress)
	w.WaitFor("Start work", soon)
	w.show("job")
	w.press("Start work")
	w.WaitFor("Finish the visit", soon)
	w.press("Finish the visit")
	w.WaitFor("Is it fixed?", soon)
	w.press("Fixed")
	w.TypeInto("Notes for the office (optional)", "Cut up and cleared. Stump left for the grinder.")
	w.TypeInto("Working time in minutes", "90")
	w.TypeInto("Material", "Chain oil")
	w.TypeInto("How much", "0.5")
	w.press("l", "Add this material")
	w.show("finish")
	for _, stage := range []string{"Before", "After"} {
		w.press("Add photos", stage, map[string]string{"Before": "1-before.jpg", "After": "2-after.jpg"}[stage])
		w.show("photos-" + stage)
		w.press("Add 1 photo")
		w.WaitFor("Is it fixed?", soon)
	}
	w.press("Check and save")
	w.WaitFor("Is this right?", soon)
	w.show("check")
	w.press("Save")
	w.WaitFor("Done, not delivered yet", soon)
	w.show("finished")
	w.press("Waiting")
	w.WaitFor("Waiting to be sent", soon)
	w.show("waiting")
}

// desk is a member of staff in a browser.
type desk struct {
	*stage.Browser
	j *journey
}

// assign opens the report and gives it to the tree crew.
func (d *desk) assign() {
	d.j.t.Helper()
	d.ClickText(streetAddress)
	d.WaitText(residentSays, soon)
	d.j.say(0, "staff open the report and read the resident's words")
	d.SaveFullPNG(d.j.picture("console-request"))
	d.Select("select[name=crew]", "Tree crew")
	d.ClickText("High")
	d.FillLabel("Instruction to the crew", "Both lanes are blocked. Bring the long saw.")
	d.ClickText("Assign")
	d.WaitText("With a crew", soon)
	d.j.say(0, "staff give it to the tree crew")
	d.SaveFullPNG(d.j.picture("console-assigned"))
}

// approve agrees with the crew, publishes the second photo and closes the request.
func (d *desk) approve() {
	d.j.t.Helper()
	d.WaitSelector("img[src*='/photos/']", eventually)
	d.SaveFullPNG(d.j.picture("console-to-check"))
	d.FillLabel("Words to the resident", "The street is open again.")
	d.Eval(`[...document.querySelectorAll('input[name=photos]')].at(-1).click()`, nil)
	d.ClickText("Approve and close")
	d.WaitText("Fixed", soon)
	d.WaitText("The street is open again.", soon)
	d.j.say(0, "staff approve, with words and a photo for the resident")
	d.SaveFullPNG(d.j.picture("console-closed"))
}
