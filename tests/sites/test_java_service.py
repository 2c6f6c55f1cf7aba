"""playbooks/java_service.yml: a jar that was built on the host answers over HTTP."""

from __future__ import annotations

from tests.sites.site import BASE, PACKAGES, Site

SITE = "java_service"
FOLDERS = ("java_folder",)
VARIABLES = {
    "java_build_image": BASE,
    "java_build_packages": PACKAGES,
    "java_image": BASE,
    "java_packages": PACKAGES,
}


def test_the_site(site: Site) -> None:
    assert "Run the service" in site.check()
    assert site.run()
    assert site.run() == []
    assert site.check() == []
    url = "http://127.0.0.1:8081"
    assert site.host.run("curl", "-sf", f"{url}/world") == "Hello, world\n"
    assert site.run(java_greeting="Ahoy") == ["Run the service"]
    assert site.host.run("curl", "-sf", f"{url}/world") == "Ahoy, world\n"
    site.skiff("stop", "java-service")
    assert site.skiff("inspect", "-f", "{{.State.ExitCode}}", "java-service").strip() == "143"  # by SIGTERM, not killed
    assert site.run() == ["Run the service"]
    site.remove()
