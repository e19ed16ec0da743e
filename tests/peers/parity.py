"""Makes given calls with the vendor's own, unmodified clients.

Start: `python parity.py URL PROJECT CALLS.json`. The file holds a list of
calls: service, operation, parameters and body by their names on the wire, and
whether everything is to be filled in. Then a member that the client knows and
the call does not gets a made-up value, so that it shows in what is sent. Each
call sends one request; what the server makes of it does not matter here. The
last line is JSON: the members of the calls that the client has no place for.
"""

import json
import os
import re
import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import SdkException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkoms.v2 import OmsClient
from huaweicloudsdkoms.v2 import model as oms
from huaweicloudsdksms.v3 import SmsClient
from huaweicloudsdksms.v3 import model as sms

SERVICES = {"oms": (OmsClient, oms), "sms": (SmsClient, sms)}
SAMPLES = {"str": "known to the vendor's client only", "int": 1, "float": 0.5, "bool": True}


class Builder:
    """Makes the vendor's objects out of JSON."""

    def __init__(self, models, fill):
        self.models = models
        self.fill = fill
        self.homeless = []

    def value(self, kind, given, place):
        if kind.startswith("list["):
            if not isinstance(given, list):
                return [self.sample(kind[5:-1], place)] if given is None else given
            return [self.value(kind[5:-1], item, place + "[]") for item in given]
        if hasattr(self.models, kind):
            return self.object(getattr(self.models, kind), given, place)
        if kind == "int" and isinstance(given, str):
            return int(given)
        if kind == "bool" and isinstance(given, str):
            return {"true": True, "false": False}[given]
        return given

    def sample(self, kind, place):
        if kind.startswith("list["):
            return [self.sample(kind[5:-1], place)]
        return self.object(getattr(self.models, kind), {}, place) if hasattr(self.models, kind) else SAMPLES[kind]

    def object(self, model, given, place):
        made, left = model(), dict(given)
        for attribute, kind in model.openapi_types.items():
            name, below = model.attribute_map[attribute], f"{place}.{model.attribute_map[attribute]}".lstrip(".")
            if name in left:
                setattr(made, attribute, self.value(kind, left.pop(name), below))
            elif self.fill:
                setattr(made, attribute, self.sample(kind, below))
        self.homeless += [f"{place}.{name}".lstrip(".") for name in left]
        return made


def method_of(operation):
    return re.sub(r"(?<!^)([A-Z])", r"_\1", operation).lower()


def make(client, models, call):
    builder = Builder(models, call["fill"])
    model = getattr(models, call["operation"] + "Request")
    given = dict(call["parameters"])
    if call["body"] is not None:
        given["body"] = call["body"]
    request = builder.object(model, given, "")
    try:
        getattr(client, method_of(call["operation"]))(request)
    except SdkException:
        pass  # The answer, whatever it is.
    return builder.homeless


def main():
    url, project, file = sys.argv[1:]
    credentials = BasicCredentials(os.environ["PARITY_ACCESS_KEY"], os.environ["PARITY_SECRET_KEY"], project)
    clients = {
        name: kind.new_builder().with_credentials(credentials).with_region(Region("parity", url)).build()
        for name, (kind, _) in SERVICES.items()
    }
    homeless = {}
    with open(file, encoding="utf-8") as calls:
        for call in json.load(calls):
            places = make(clients[call["service"]], SERVICES[call["service"]][1], call)
            homeless.setdefault(f"{call['service']}.{call['operation']}", []).extend(places)
    known = {
        name: sorted({name.removesuffix("_invoker") for name in dir(kind) if name.endswith("_invoker")})
        for name, (kind, _) in SERVICES.items()
    }
    print(json.dumps({"operations": known, "homeless": {id: sorted(set(at)) for id, at in homeless.items() if at}}))


if __name__ == "__main__":
    main()
