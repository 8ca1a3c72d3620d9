"""What deploys the product: rules, policies, scripts."""

from tests.conftest import REPOSITORY

TERRAFORM = REPOSITORY / "infra" / "terraform"
ROOTS = {"environment": TERRAFORM, "foundation": TERRAFORM / "foundation"}
