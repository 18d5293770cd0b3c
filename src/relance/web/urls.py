"""Every address of the pages, in one place; whoever is not logged in sees only those of coming in."""

from __future__ import annotations

from django.urls import path

from relance.web.pages import door, overview, refusals, scenario, scenarios

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("scenarios", scenarios.scenarios, name="scenarios"),
    path("scenarios/<slug:name>", scenario.scenario, name="scenario"),
    path("scenarios/<slug:name>/people/<slug:code>", scenario.people, name="people"),
    path("login", door.login_page, name="login"),
    path("login/key/<str:key>", door.key_page, name="key"),
    path("logout", door.logout_page, name="logout"),
    path("language", door.language, name="language"),
    path("account", door.account, name="account"),
]

handler404 = refusals.not_found
handler403 = refusals.forbidden
handler500 = refusals.failed
