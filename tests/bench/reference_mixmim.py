"""MixMIM's own encoder in plain PyTorch: windows that never shift, and a position added to every token."""
from model_sizes import PATCH
from reference_model import Classification, Encoder, Pretraining, sine_embedding


class MixmimEncoder(Encoder):
    def __init__(self, size, drop_path):
        super().__init__(size, drop_path)
        self.absolute_pos_embed = sine_embedding(size.image // PATCH, size.embed)

    def position(self, x):
        return x + self.absolute_pos_embed


class MixmimPretraining(Pretraining, MixmimEncoder):
    pass


class MixmimClassifier(Classification, MixmimEncoder):
    pass
