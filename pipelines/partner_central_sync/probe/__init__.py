"""The probe: reads a few pages of a real account to find out what the documentation of the API leaves open.

- `questions.py`: every open question, with the way in which it is asked · `unasked.py`: with the reason why it is not
- `calls.py`: one call, and what came of it · `steps.py`: which calls are made, in which order
- `evidence.py`: what was recorded · `of_*.py`: decisions, made from that alone, without calls
- `run.py`: the connection and the whole probe · `table.py`: for people · `output.py`: the file
"""
