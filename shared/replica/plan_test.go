package replica_test

import (
	"strings"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// TestRoundsDoNotReadTheWholeOutbox: what a round asks costs the same whether ten
// acts are kept or ten thousand.
func TestRoundsDoNotReadTheWholeOutbox(t *testing.T) {
	d := newDevice(t, city.DeviceTablet)
	plans, err := replica.RoundPlans(d.ctx, d.Replica)
	if err != nil || len(plans) < 7 {
		t.Fatalf("%d plans, %v", len(plans), err)
	}
	for query, plan := range plans {
		if !strings.Contains(plan, "INDEX entry_") && !strings.Contains(plan, "INDEX blob_waiting") {
			t.Errorf("%s\n%s", query, plan)
		}
	}
}

// TestChildrenAreFoundByTheirParent: a job is shown at the same price in a city of ten
// requests and of a hundred thousand.
func TestChildrenAreFoundByTheirParent(t *testing.T) {
	d := newDevice(t, city.DeviceTablet)
	if plan, err := replica.ChildrenPlan(d.ctx, d.Replica); err != nil || !strings.Contains(plan, "INDEX record_by_parent") {
		t.Error(plan, err)
	}
}
