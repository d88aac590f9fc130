"""An independent model of the portal's numbers, and random worlds in which portal and model must say the same."""
