"""The pages of the administration, at /admin/ui: forms over the same use cases as the API at /admin.

How a section is added:

1. A module of routes here, with `router = admin_pages("/things")`. The router has the one guard: a sign-on in this
   browser, and the permission `identity:administer`, both read from the tables at each request. A route takes `admin:
   AdminRequestDep` first, or `FreshAdminRequestDep` where the operation of the API has FRESH_SIGN_IN, and answers with
   `admin.page(...)`. The module is added to `routers.ROUTERS`, before the one that answers everything else.
2. A line in `navigation.SECTIONS`, and its texts in `texts.toml`: a section for each page, and what fields and flaws
   say in `field` and `flaw`.
3. Templates in `templates/`, with the macros of `macros.html`: a list over `list.html`, any other page over
   `base.html`. A table has `cell`s; on a phone each row becomes a card.
4. An act is a form with its page at the same path: GET shows it, POST acts and answers 303. So a person who has to sign
   in first comes back to the form; `admin.typed(Model, otherwise)` gives what they had typed. A form is a `Body`;
   `sent(Model)` makes the dependency that reads it, `Annotated[list[...], CHOICES]` is a group of checkboxes, and
   `Annotated[list[...], LINES]` a field with an entry in each line. `form.with_faults(error)` puts what a use case
   refuses to its fields.
5. A change of what others may change, too, has a `Changing` form: its `etag` is the entity tag of the API of what the
   page showed. `form.model.ensure_is(tag)` in `expect` refuses a stale one, and the page is shown again as it is now
   with `stale=form`: the answer is 412, and says what was typed.
6. After an act that revokes: `return await admin.go_after(act, path)`. It waits until the services obey, and the page
   at `path` shows who does with `obedience=await admin.obedience_of(subject)`. After any other act:
   `return admin.go(path, "text_of_notice")`; the page shows `notice`. Neither can be forged by a link.
7. What cannot be undone takes a `Confirmed` form: the person repeats a word of the page, `form.model.ensure_repeats`.
8. A secret that is shown once is in the answer to the POST itself, and on no page that can be opened again.
9. A row for each route in `tests/admin_pages/test_matrix.py`, and a request for it: a page without a row fails.
"""
