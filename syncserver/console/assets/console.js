// Makes the console's pages live. Every page works without it.
"use strict";
(() => {
  const watch = document.body.dataset.watch;
  const told = document.getElementById("told");

  // A second press does nothing while the first is on its way. The server would
  // do the act once all the same.
  document.addEventListener("submit", (e) => {
    const button = e.target.querySelector("button[type=submit]");
    if (button && e.target.method === "post") setTimeout(() => { button.disabled = true; }, 0);
  });
  addEventListener("pageshow", () => document.querySelectorAll("button[disabled]").forEach((b) => { b.disabled = false; }));

  document.querySelectorAll("select[data-auto]").forEach((s) => {
    s.addEventListener("change", () => s.form.requestSubmit());
  });
  document.querySelectorAll("button[data-copy]").forEach((b) => {
    if (!navigator.clipboard) return;
    b.hidden = false;
    b.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(b.dataset.copy).value);
      b.textContent = "Copied";
    });
  });
  document.addEventListener("keydown", (e) => {
    const typing = e.target.closest("input, textarea, select");
    const q = document.getElementById("q");
    if (e.key === "/" && q && !typing && !e.ctrlKey && !e.metaKey && !e.altKey) {
      e.preventDefault();
      q.focus();
      q.select();
    }
  });

  if (!watch) return;

  // What is on the screen stays where it is while rows come and go above it.
  const anchor = () => {
    for (const row of document.querySelectorAll("tr[id]")) {
      const top = row.getBoundingClientRect().top;
      if (top > 0) return scrollY > 0 ? { id: row.id, top } : null;
    }
    return null;
  };

  const swap = (next) => {
    const before = new Set([...document.querySelectorAll("tr[id]")].map((r) => r.id));
    const focus = document.activeElement && document.activeElement.id;
    const at = anchor();
    let changed = 0;
    for (const part of document.querySelectorAll("[data-live]")) {
      const now = next.getElementById(part.id);
      if (now && now.innerHTML !== part.innerHTML) {
        part.innerHTML = now.innerHTML;
        changed++;
      }
    }
    if (!changed) return;
    let fresh = 0;
    for (const row of document.querySelectorAll("tr[id]")) {
      if (!before.has(row.id)) {
        row.classList.add("fresh");
        fresh++;
      }
    }
    if (at && document.getElementById(at.id)) scrollBy(0, document.getElementById(at.id).getBoundingClientRect().top - at.top);
    if (focus && document.getElementById(focus)) document.getElementById(focus).focus({ preventScroll: true });
    told.textContent = fresh ? fresh + " new in the list" : "The page was brought up to date";
  };

  // A page on which somebody has begun to type is not taken away from under
  // them: it says that there is news.
  const begun = () => [...document.querySelectorAll("#case form")].some((f) => [...f.elements].some((e) =>
    e.type === "radio" || e.type === "checkbox" ? e.checked !== e.defaultChecked
      : e.tagName === "SELECT" ? [...e.options].some((o) => o.selected !== o.defaultSelected) && e.value !== ""
        : e.matches("input:not([type=hidden]), textarea") && e.value !== e.defaultValue)) ||
    !!document.querySelector("#case .wrong, #case form .banner");

  // A page that answered a form stands under the form's address; its own is another.
  const here = () => { const c = document.getElementById("case"); return c ? c.dataset.address : location.href; };

  const story = (d) => { const t = d.querySelector(".timeline"); return t ? t.innerHTML.length + t.textContent : ""; };

  const news = () => {
    if (document.querySelector(".news")) return;
    const bar = document.createElement("div");
    bar.className = "banner info news";
    bar.setAttribute("role", "status");
    const words = document.createElement("p");
    words.textContent = "This request has just changed. What you are typing is still here. ";
    const link = document.createElement("a");
    link.href = here();
    link.textContent = "Show what is new";
    words.append(link);
    bar.append(words);
    document.querySelector("main .wide").prepend(bar);
  };

  let busy = false, again = false, timer = 0;
  const refresh = async () => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const address = new URL(here(), location.href);
      address.searchParams.delete("done");
      const answer = await fetch(address, { headers: { "X-Live": "1" }, credentials: "same-origin" });
      if (answer.redirected && new URL(answer.url).pathname.endsWith("/sign-in")) {
        location.reload();
        return;
      }
      if (!answer.ok) return;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (watch !== "case") swap(next);
      else if (story(next) !== story(document)) begun() ? news() : swap(next);
    } catch (e) {
      // No connection: the stream comes back by itself, and so does the page.
    } finally {
      busy = false;
      if (again) {
        again = false;
        later();
      }
    }
  };
  const later = () => { clearTimeout(timer); timer = setTimeout(refresh, 250); };

  if (watch === "poll") {
    setInterval(() => { if (!document.hidden) refresh(); }, 10000);
    return;
  }

  // One stream a visible page: a browser has few connections to a server, and a
  // page nobody looks at needs none.
  let seen = Number(document.body.dataset.seen || 0), stream = null;
  const open = () => {
    if (stream || document.hidden) return;
    stream = new EventSource("/console/live");
    stream.addEventListener("head", (e) => {
      const head = Number(e.data);
      if (head !== seen) {
        seen = head;
        later();
      }
    });
  };
  const close = () => {
    if (stream) stream.close();
    stream = null;
  };
  document.addEventListener("visibilitychange", () => { document.hidden ? close() : open(); });
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
})();
