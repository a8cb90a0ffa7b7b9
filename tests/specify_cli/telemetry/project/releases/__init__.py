"""The store with the real releases of spec-kitty-events; ``test_releases.py`` runs what is here."""
