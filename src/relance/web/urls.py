"""Every address of the pages, in one place; whoever is not logged in sees only those of coming in."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import IntConverter

from relance.web.pages import calls, contacts, data, door, mail, overview, past, publish, refusals, scenario, scenarios


class NumberConverter(IntConverter):
    """A number that the tables can hold; a longer one is no address here."""

    regex = "[0-9]{1,15}"


register_converter(NumberConverter, "number")

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("scenarios", scenarios.scenarios, name="scenarios"),
    path("scenarios/<slug:name>", scenario.scenario, name="scenario"),
    path("scenarios/<slug:name>/on", scenario.switch_on_page, name="on"),
    path("scenarios/<slug:name>/off", scenario.switch_off_page, name="off"),
    path("scenarios/<slug:name>/publish", publish.publish, name="publish"),
    path("scenarios/<slug:name>/undo", publish.undo, name="undo"),
    path("scenarios/<slug:name>/past", past.ask, name="past"),
    path("scenarios/<slug:name>/past/now", past.now, name="past-now"),
    path("scenarios/<slug:name>/past/<slug:found>", past.answer, name="past-answer"),
    path("scenarios/<slug:name>/message/<slug:step>", scenario.message, name="message"),
    path("scenarios/<slug:name>/people/<slug:code>", scenario.people, name="people"),
    path("contacts", contacts.contacts, name="contacts"),
    path("contacts/<number:number>", contacts.contact, name="contact"),
    path("contacts/<number:number>/why", contacts.why, name="why"),
    path("data", data.data, name="data"),
    path("data/deliveries/<number:number>", data.delivery, name="delivery"),
    path("data/deliveries/<number:number>/rejects.csv", data.rejects, name="rejects"),
    path("mail", mail.mailbox, name="mailbox"),
    path("mail/<str:name>", mail.mail, name="mail"),
    path("mail/<str:name>/frame", mail.frame, name="frame"),
    path("login", door.login_page, name="login"),
    path("login/key/<str:key>", door.key_page, name="key"),
    path("logout", door.logout_page, name="logout"),
    path("language", door.language, name="language"),
    path("account", door.account, name="account"),
]

urlpatterns += [path("api/scenarios/<slug:name>/calls", calls.calls, name="calls")]

handler404 = refusals.not_found
handler403 = refusals.forbidden
handler500 = refusals.failed
