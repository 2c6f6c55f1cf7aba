"""Debian VMs as test hosts: images from packages, frozen templates, machines that thaw in seconds."""
