"""Answers questions about a binary SELinux policy, by setools. Usage: selinux_policy.py POLICY, with a line of JSON for each
request on stdin: {"allowed": [[SOURCE, TARGET, CLASS, PERMISSION], ...], "becomes": [[SOURCE, TARGET, CLASS, NAME], ...]}

Prints the same with an answer each: "always", "by boolean" or "never"; the type that a new object or process gets."""

import json
import sys

import setools


class Rules:
    def __init__(self, policy):
        self.policy = policy
        self.allow = {"always": {}, "by boolean": {}}
        self.transitions = {}
        for rule in policy.terules():
            key = str(rule.source), str(rule.target), str(rule.tclass)
            if rule.ruletype == setools.TERuletype.allow:
                how = "by boolean" if is_conditional(rule) else "always"
                self.allow[how].setdefault(key, set()).update(rule.perms)
            elif rule.ruletype == setools.TERuletype.type_transition:
                self.transitions[key + (file_name(rule),)] = str(rule.default)

    def names(self, type_name):
        """A type and all of its attributes: what a rule may name it by."""
        type_ = self.policy.lookup_type(type_name)
        return [str(type_)] + [str(attribute) for attribute in type_.attributes()]

    def keys(self, source, target, tclass):
        for source_name in self.names(source):
            for target_name in self.names(target):
                yield source_name, target_name, tclass

    def allowed(self, source, target, tclass, permission):
        for how, granted in self.allow.items():
            if any(permission in granted.get(key, ()) for key in self.keys(source, target, tclass)):
                return how
        return "never"

    def becomes(self, source, target, tclass, name):
        found = (self.transitions.get(key + (name,)) for key in self.keys(source, target, tclass))
        return next((type_ for type_ in found if type_), None)


def is_conditional(rule):
    try:
        return bool(rule.conditional)
    except setools.exception.RuleNotConditional:
        return False


def file_name(rule):
    try:
        return rule.filename
    except (AttributeError, setools.exception.TERuleNoFilename):
        return ""


rules = Rules(setools.SELinuxPolicy(sys.argv[1]))
for line in sys.stdin:
    questions = json.loads(line)
    answers = {
        "allowed": [rules.allowed(*question) for question in questions["allowed"]],
        "becomes": [rules.becomes(*question) for question in questions["becomes"]],
    }
    print(json.dumps(answers), flush=True)
