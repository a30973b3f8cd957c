"""The page behind an invitation: it sets the first password, once."""

from django.contrib.auth.views import PasswordResetConfirmView
from django.urls import reverse_lazy


class SetPassword(PasswordResetConfirmView):
    template_name = "account/welcome.html"
    success_url = reverse_lazy("studies:list")
    post_reset_login = True
    post_reset_login_backend = "django.contrib.auth.backends.ModelBackend"
