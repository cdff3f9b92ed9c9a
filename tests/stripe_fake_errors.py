"""The errors of the fake Stripe, in the words and the shape of the real ones."""


class ApiError(Exception):
    """A refusal; `kept` tells whether it is remembered under the idempotency key."""

    def __init__(self, message, *, status=400, kind="invalid_request_error", code=None, param=None, kept=True):
        super().__init__(message)
        self.message, self.status, self.kind, self.code, self.param, self.kept = (
            message,
            status,
            kind,
            code,
            param,
            kept,
        )

    def body(self):
        """Return the error as Stripe's JSON has it: fields that say nothing are left out."""
        error = {"type": self.kind, "message": self.message}
        if self.code:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param:
            error["param"] = self.param
        return {"error": error}


def invalid(message, param=None, code=None):
    """Refuse parameters before anything is executed, so nothing is remembered."""
    return ApiError(message, param=param, code=code, kept=False)


def refused(message, param=None, code=None):
    """Refuse during execution, which is remembered under the key."""
    return ApiError(message, param=param, code=code)


def missing_object(kind, object_id, param=None):
    """Refuse an unknown id: 404 where the path names it, 400 where a parameter does."""
    status = 400 if param else 404
    message = f"No such {kind}: '{object_id}'"
    return ApiError(message, status=status, code="resource_missing", param=param or "id")


def unknown_url(method, path):
    message = f"Unrecognized request URL ({method}: {path})."
    return ApiError(message, status=404, kept=False)


def unauthorized(header):
    if not header:
        return ApiError("You did not provide an API key.", status=401, kept=False)
    hint = f"Invalid API Key provided: ****{header[-4:]}"
    return ApiError(hint, status=401, kept=False)


def rate_limited():
    message = "Request rate limit exceeded."
    return ApiError(message, status=429, code="rate_limit", kept=False)


def key_in_use(key):
    message = f"There is currently another in-progress request using this idempotency key: {key}."
    return ApiError(message, status=409, code="idempotency_key_in_use", kept=False)


def key_reused(key):
    message = f"Keys for idempotent requests can only be used with the parameters they were first used with: '{key}'."
    return ApiError(message, kind="idempotency_error", kept=False)


def server_error():
    return ApiError("An unknown error occurred.", status=500, kind="api_error")
