#!/usr/bin/env python3
"""An adapter in another language: the link protocol by hand, signing included, no code of ours.

    protoc -Iproto --python_out=build/python $(find proto -name '*.proto')
    PYTHONPATH=build/python adapters/examples/adapter.py SETTINGS.json

SETTINGS.json: gateway, roots, certificate, key, answer_key (files), kind, digest (hex: the kind's, as
GetDocumentKind gives it), answer_log (file), records (file: a JSON object, number -> claim -> value).

Questions are answered from `records`; a real adapter asks its own system in answer(). One thread: a slow
source would hold up the next question. A lost link ends the program: let systemd start it again.
"""
import collections
import hashlib
import json
import os
import queue
import sys
import time

import grpc
from chayan.v1 import adapter_link_service_pb2 as link
from chayan.v1 import verification_service_pb2 as chayan
from cryptography.hazmat.primitives import serialization

RECORDED_SECONDS_MAX = 60  # an answer whose entry is not told for longer is an alarm


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def tree_hash(leaves):
    """RFC 6962, section 2.1: the root over leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01", tree_hash(leaves[:split]), tree_hash(leaves[split:]))


class Signer:
    """The answer key: Ed25519, one signature for a frame of answers."""

    def __init__(self, path):
        self.key = serialization.load_pem_private_key(open(path, "rb").read(), None)
        self.key_id = sha256(self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))

    def frame(self, answered):
        """answered: (question, answer bytes) in order; the very bytes that are sent are signed."""
        leaves = [sha256(b"\x00", sha256(b"chayan/answer/v1\x00", question.exchange_id,
                                        sha256(question.request), sha256(answer)))
                  for question, answer in answered]
        signed = b"chayan/frame/v1\x00" + len(leaves).to_bytes(4, "big") + tree_hash(leaves)
        return link.FromAdapter(answers=link.AnswerFrame(
            answers=[link.Answer(exchange_id=question.exchange_id, answer=answer)
                     for question, answer in answered],
            signature=self.key.sign(signed), key_id=self.key_id))


def answer(question, records):
    """What the register says. It compares by equality; the SDK's matcher knows names and dates."""
    request = chayan.VerifyDocumentRequest.FromString(question.request)
    reply = chayan.VerificationAnswer(
        request_id=request.request_id, answered_by=chayan.ANSWER_SOURCE_HOLDER)
    reply.as_of_time.GetCurrentTime()
    record = records.get(request.subject.identifier.value)
    if record is None:
        reply.outcome = chayan.OUTCOME_NOT_FOUND
        return reply
    for claim in request.claims:
        if claim.code not in question.permit.claims or claim.code not in record:
            reply.verdicts.add(code=claim.code, verdict=chayan.VERDICT_NOT_COMPARED,
                               not_compared_reason=chayan.NOT_COMPARED_REASON_CLAIM_UNKNOWN)
        elif claim.text == record[claim.code]:
            reply.verdicts.add(code=claim.code, verdict=chayan.VERDICT_MATCH,
                               match_level=chayan.MATCH_LEVEL_EXACT)
        else:
            reply.verdicts.add(code=claim.code, verdict=chayan.VERDICT_MISMATCH,
                               match_level=chayan.MATCH_LEVEL_MISMATCH)
    seen = {verdict.verdict for verdict in reply.verdicts}
    if seen == {chayan.VERDICT_NOT_COMPARED}:
        return chayan.VerificationAnswer(
            request_id=request.request_id, answered_by=chayan.ANSWER_SOURCE_HOLDER,
            outcome=chayan.OUTCOME_NOT_COMPARED,
            not_compared_reason=chayan.NOT_COMPARED_REASON_ASK_HOLDER)
    if chayan.VERDICT_MISMATCH in seen:
        reply.outcome = chayan.OUTCOME_MISMATCH
    elif seen == {chayan.VERDICT_MATCH}:
        reply.outcome = chayan.OUTCOME_MATCH
    else:  # what nobody compared keeps the answer from being a match
        reply.outcome = chayan.OUTCOME_UNCOMPARABLE
    return reply


def outgoing(frames, interval):
    """What is sent: frames as they come, a heartbeat when nothing was for a while."""
    while True:
        try:
            yield frames.get(timeout=interval[0])
        except queue.Empty:
            yield link.FromAdapter(heartbeat=link.Heartbeat())


def main(path):
    settings = json.loads(open(path, "rb").read())
    records = json.loads(open(settings["records"], "rb").read())
    read = lambda name: open(settings[name], "rb").read()
    signer = Signer(settings["answer_key"])
    # The host name of the gateway's certificate is checked by gRPC, its issuer by `roots`.
    channel = grpc.secure_channel(settings["gateway"], grpc.ssl_channel_credentials(
        read("roots"), read("key"), read("certificate")))
    frames, interval, waiting = queue.Queue(), [5.0], collections.OrderedDict()
    frames.put(link.FromAdapter(hello=link.Hello(
        protocol_version=1, answer_key_id=signer.key_id, software="example, Python",
        kinds=[link.KindOffer(document_kind=settings["kind"],
                              digest=bytes.fromhex(settings["digest"]))])))
    connect = channel.stream_stream("/chayan.v1.AdapterLinkService/Connect",
                                    link.FromAdapter.SerializeToString, link.ToAdapter.FromString)
    with open(settings["answer_log"], "a", encoding="utf-8") as log:
        for message in connect(outgoing(frames, interval)):
            if message.HasField("welcome"):
                interval[0] = message.welcome.heartbeat_interval_ms / 1000
                print("link up:", message.welcome.gateway, flush=True)
            if message.questions.questions:
                answered = [(question, answer(question, records).SerializeToString())
                            for question in message.questions.questions]
                frame = signer.frame(answered)
                # The agency's own record first: it shows what was signed, and it holds no person.
                for question, reply in answered:
                    print(json.dumps({
                        "time": time.time(), "exchange": question.exchange_id.hex(),
                        "request": sha256(question.request).hex(), "answer": sha256(reply).hex(),
                        "signature": frame.answers.signature.hex()}), file=log)
                    waiting[question.exchange_id] = time.monotonic()
                log.flush()
                os.fsync(log.fileno())
                frames.put(frame)
            for entry in message.recorded.answers:
                waiting.pop(entry.exchange_id, None)
                print(json.dumps({"exchange": entry.exchange_id.hex(),
                                  "entry": entry.entry_index}), file=log, flush=True)
            while waiting and time.monotonic() - next(iter(waiting.values())) > RECORDED_SECONDS_MAX:
                print("ALARM: no entry for", waiting.popitem(last=False)[0].hex(), file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1])
