# Drawn by scripts/plot of iowq
# SPDX-License-Identifier: MIT
# Draws randwrite-buffered-1file_tmpfs-cpu.svg, .png and .pdf from randwrite-buffered-1file_tmpfs-cpu.dat: gnuplot randwrite-buffered-1file_tmpfs-cpu.gp
# Only some, on a dark background: gnuplot -e "kinds='svg'; dark=1" randwrite-buffered-1file_tmpfs-cpu.gp
set encoding utf8
if (!exists('kinds')) kinds = 'svg png pdf'
if (!exists('dark')) dark = 0
paper = dark ? '#15181c' : '#ffffff'
quiet = dark ? '#a8adb4' : '#505050'
grid = dark ? '#30353b' : '#e4e4e4'
frame = dark ? '#8a9098' : '#707070'
ink = dark ? '#e8eaed' : '#1a1a1a'
c1 = dark ? '#ffffff' : '#000000'
c2 = dark ? '#f0ad1f' : '#e69f00'
c3 = dark ? '#8fd3ff' : '#56b4e9'
c4 = dark ? '#1fc596' : '#009e73'
c5 = dark ? '#f0e442' : '#f0e442'
c6 = dark ? '#4393e6' : '#0072b2'
c7 = dark ? '#f07a28' : '#d55e00'
c8 = dark ? '#dd92bb' : '#cc79a7'
do for [kind in kinds] {
    if (kind eq 'svg') { set terminal svg noenhanced size 560,433 font 'sans-serif,15' background paper }
    if (kind eq 'png') { set terminal pngcairo noenhanced size 1120,866 font 'sans-serif,15' fontscale 1.5 linewidth 2 pointscale 3.6 dashlength 0.6 background paper }
    if (kind eq 'pdf') { set terminal pdfcairo noenhanced size 7.7778,6.0139 font 'sans-serif,15' fontscale 0.75 linewidth 2 pointscale 1.8 background paper }
    set output 'randwrite-buffered-1file_tmpfs-cpu'.(dark ? '-dark.' : '.').kind
    reset
    set multiplot
    set style line 1 linecolor rgb c1 pointtype 7 dashtype 1 linewidth 1.6 pointsize 1
    set style line 2 linecolor rgb c2 pointtype 9 dashtype 1 linewidth 1.6 pointsize 1
    set style line 3 linecolor rgb c6 pointtype 5 dashtype 1 linewidth 1.6 pointsize 1
    set style line 4 linecolor rgb c4 pointtype 13 dashtype 1 linewidth 1.6 pointsize 1
    set style line 5 linecolor rgb c7 pointtype 11 dashtype 1 linewidth 1.6 pointsize 1
    set style line 6 linecolor rgb c8 pointtype 5 dashtype 1 linewidth 1.6 pointsize 1
    set style line 7 linecolor rgb c4 pointtype 12 dashtype 2 linewidth 1.6 pointsize 1
    set style line 8 linecolor rgb c6 pointtype 4 dashtype 2 linewidth 1.6 pointsize 1
    set style line 9 linecolor rgb c1 pointtype 1 dashtype 3 linewidth 1.6 pointsize 1
    set style line 10 linecolor rgb c6 pointtype 3 dashtype 3 linewidth 1.6 pointsize 1
    set grid linecolor rgb grid linewidth 1 dashtype 1
    set border 3 linecolor rgb frame
    set tics nomirror scale 0.6
    unset key
    set label 'randwrite-buffered-1file, tmpfs' at screen 0.02143, screen 0.94486 left font 'sans-serif,19' textcolor rgb ink
    set label 'writes of 4096 bytes, buffered, page cache warm' at screen 0.02143, screen 0.90084 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'depth 32' at screen 0.02143, screen 0.84411 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.35379, screen 0.80081 left font 'sans-serif,15' textcolor rgb ink
    set label 'CPU time an I/O' at screen 0.62126, screen 0.30947 center font 'sans-serif,15' textcolor rgb ink
    set label '2.94 µs' at screen 0.89945, screen 0.78320 left font 'sans-serif,13' textcolor rgb ink
    set label '4.27 µs' at screen 0.89945, screen 0.74163 left font 'sans-serif,13' textcolor rgb ink
    set label '4.41 µs' at screen 0.89945, screen 0.70006 left font 'sans-serif,13' textcolor rgb ink
    set label '2.94 µs' at screen 0.89945, screen 0.65849 left font 'sans-serif,13' textcolor rgb ink
    set label '4.64 µs' at screen 0.89945, screen 0.61692 left font 'sans-serif,13' textcolor rgb ink
    set label '14.8 µs' at screen 0.89945, screen 0.57535 left font 'sans-serif,13' textcolor rgb ink
    set label '6.03 µs' at screen 0.89945, screen 0.53378 left font 'sans-serif,13' textcolor rgb ink
    set label '6.13 µs' at screen 0.89945, screen 0.49221 left font 'sans-serif,13' textcolor rgb ink
    set label '2.59 µs' at screen 0.89945, screen 0.45064 left font 'sans-serif,13' textcolor rgb ink
    set label '6.23 µs' at screen 0.89945, screen 0.40906 left font 'sans-serif,13' textcolor rgb ink
    set label 'CPU time of the whole process, with its workers and the kernel''s, from start to end.' at screen 0.02143, screen 0.24350 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Full bars: this project''s pool. Pale: the kernel, same engine. Palest: fio''s engines.' at screen 0.02143, screen 0.21031 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Medians of n = 5 runs of 1 s in shuffled blocks, seed 526033658; intervals: 93.75 %.' at screen 0.02143, screen 0.17711 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio-3.33, gnuplot 5.4, 6e051b55d6, Linux 6.18.44-fc-v595, 2 CPUs, tmpfs.' at screen 0.02143, screen 0.14391 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! outlier: hashed' at screen 0.02143, screen 0.11071 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! uneven: hashed, fio:psync' at screen 0.02143, screen 0.07751 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'No result: handoff, acall, uring_sqpoll, uring_defer, fio:io_uring, fio:libaio' at screen 0.02143, screen 0.04431 left font 'sans-serif,11.5' textcolor rgb quiet
    set lmargin at screen 0.35379
    set rmargin at screen 0.88873
    set tmargin at screen 0.80398
    set bmargin at screen 0.38828
    unset logscale x
    set xrange [0:17167.588]
    set xtics ('0' 0, '5 µs' 5000, '10 µs' 10000, '15 µs' 15000) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [9.5:-0.5]
    set ytics ('fio:io_uring+force_async=1' 9, 'fio:psync !' 8, 'uring_async' 7, 'uring' 6, 'acall_pool' 5, 'hashed !' 4, 'punt' 3, 'sqwq' 2, 'sqthread' 1, 'inline' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    plot 'randwrite-buffered-1file_tmpfs-cpu.dat' index 0 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c1 fillstyle transparent solid 0.85 border, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 1 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c2 fillstyle transparent solid 0.85 border, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 2 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c6 fillstyle transparent solid 0.85 border, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 3 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c4 fillstyle transparent solid 0.85 border, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 4 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c7 fillstyle transparent solid 0.85 border, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 5 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c8 fillstyle transparent solid 0.85 border, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 6 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c4 fillstyle transparent solid 0.35 border, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 7 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c6 fillstyle transparent solid 0.35 border, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 8 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c1 fillstyle transparent solid 0.12 border, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 9 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c6 fillstyle transparent solid 0.12 border, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 0 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 1 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 2 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 3 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 4 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 5 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 6 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 7 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 8 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randwrite-buffered-1file_tmpfs-cpu.dat' index 9 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5
    unset label
    unset arrow
    unset multiplot
    unset output
}
