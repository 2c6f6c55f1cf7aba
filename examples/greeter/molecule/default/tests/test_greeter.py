"""What the role leaves on each instance; `molecule verify` runs it by testinfra."""


def test_configuration(host):
    settings = host.file("/etc/greeter.json")
    assert settings.user == "root"
    assert settings.mode == 0o644
    assert "Hello" in settings.content_string


def test_runs_as_its_own_user(host):
    assert host.check_output("stat -c %U /proc/$(cat /run/greeter.pid)") == "greeter"


def test_is_known_by_its_name_in_the_network(host):
    assert host.check_output("curl --silent http://front:8000/") == "Hello"
    assert host.check_output("curl --silent http://back:8000/") == "Hello from the back"


def test_instance_is_as_its_platform_says(host):
    name = host.check_output("hostname")
    place = host.run("printenv GREETER_PLACE").stdout.strip()
    assert (name, place) in [("front", ""), ("back", "back")]
    assert host.mount_point("/srv/cache").exists == (name == "back")
    assert host.mount_point("/srv/data").exists == (name == "back")


def test_ansible_still_works(host):
    assert host.ansible("ping")["ping"] == "pong"
