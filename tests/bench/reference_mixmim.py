"""MixMIM's own encoder in plain PyTorch: windows that never shift, and a position added to every token."""
from torch import nn

from reference_layers import Attention
from reference_model import initialise_linear, sine_embedding
from reference_windows import WindowBlock, WindowEncoder


class MixmimEncoder(WindowEncoder):
    layer_decay = 0.7
    merging_layer, last_layer = 1, 0

    def build(self, drop_path):
        self.absolute_pos_embed = sine_embedding(self.stages[0].side, self.stages[0].width)
        super().build(drop_path)

    def block(self, stage, n, drop_path):
        window = stage.windows[n]
        return WindowBlock(stage, window, Attention(stage.width, stage.heads, window), drop_path)

    def narrow(self, number, x):
        x = super().narrow(number, x)
        return x + self.absolute_pos_embed if number == 0 else x

    def initialise_encoder(self, layers):
        initialise_linear(layers, nn.init.xavier_uniform_)
